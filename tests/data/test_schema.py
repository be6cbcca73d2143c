"""A schema goes through JSON with its sentences whole; what is read from it by machines is English."""

import json
import re
from pathlib import Path

import pytest

from haoqi import data
from haoqi.core.say import Sentence, saved, spoken
from haoqi.data.schema import Schema

CHINESE = re.compile("[一-鿿]")


@pytest.fixture
def read(tmp_path: Path) -> Schema:
    """Return the schema of a table with a title, a row too short, and a column that is called like what it holds."""
    rows = [f"the lamp of order {n} broke,{('good', 'bad')[n % 2]},{n % 7 + 13}/05/2024" for n in range(60)]
    path = tmp_path / "mails.csv"
    path.write_text("\n".join(["Mails of May", "text,label,numbers", *rows, "a row,good"]) + "\n", encoding="utf-8")
    return data.read(data.DataSettings(str(path), time="numbers")).schema


def test_all_that_it_says_is_said_in_every_language(read: Schema) -> None:
    told = [*read.lines(), *read.notes, *read.warnings, *read.why.values(), *read.kinds.values(), *read.skipped]
    assert len(told) > 12
    assert [one for one in told if not isinstance(one, Sentence) or not CHINESE.search(one.within("zh"))] == []


def test_json_is_english_and_gives_the_sentences_back(read: Schema) -> None:
    plain = json.loads(json.dumps(read.to_plain()))
    assert not CHINESE.search(json.dumps(plain, ensure_ascii=False))
    assert plain["skipped"] == {"a different number of columns": 1}
    back = Schema.from_plain(json.loads(json.dumps(read.to_saved())))
    assert back == Schema.from_plain(plain)
    assert [spoken(line, "zh") for line in back.lines()] == [spoken(line, "zh") for line in read.lines()]
    assert [spoken(one, "zh") for one in back.warnings] == [spoken(one, "zh") for one in read.warnings]
    assert saved(back.columns) == {"text": "text", "label": "label", "time": "numbers"}, "names are no sentences"
    assert not any(isinstance(name, Sentence) for name in (*back.kinds, *back.columns.values()))


def test_what_an_earlier_version_wrote_is_read_in_english(read: Schema) -> None:
    earlier = Schema.from_plain(json.loads(json.dumps(read.to_plain())))
    assert earlier == Schema.from_plain(read.to_saved())
    assert not any(isinstance(note, Sentence) for note in earlier.notes)
