"""JSON values come with whole characters."""

import json
from pathlib import Path

import pytest

from haoqi import data
from haoqi.data.reading.records import parse, record_of
from haoqi.data.settings import DataSettings

HALF = r'{"text": "broke \ud83d again", "la\udc00bel": ["x\ude00", "\ud83d\ude00"]}'
READ = {"text": "broke \ufffd again", "la\ufffdbel": ["x\ufffd", "\U0001f600"]}


@pytest.mark.parametrize("text", [f"{HALF}\n{HALF}\n", f"[{HALF},\n{HALF}]"])
def test_half_a_pair_is_read_as_one_character(text: str) -> None:
    assert parse(text, "some.jsonl") == ([READ, READ], None)


def test_a_line_is_read_as_the_whole_file_is() -> None:
    assert record_of(HALF) == READ
    with pytest.raises(ValueError, match="Expecting"):
        record_of("{")


def test_offsets_behind_half_a_pair_stay(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    text = "\ud83d Nordlys opens in Sortano"
    rows = [
        {"text": text, "entities": [{"start": 2, "end": 9, "label": "ORG"}, {"start": 19, "end": 26, "label": "LOC"}]}
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows * 3))
    examples = data.read(DataSettings(str(path))).examples
    words = [examples.texts[0][span.start : span.end] for span in examples.labels[0]]
    assert words == ["Nordlys", "Sortano"]
    assert examples.texts[0].startswith("\ufffd Nordlys")
