import csv
import json
from pathlib import Path

import pytest

from haoqi.cli.rows import added, plain_label, written
from haoqi.core.errors import UserError
from haoqi.data.examples import Span
from haoqi.models.model import Answer


def test_added_columns_never_take_a_name_that_is_there() -> None:
    taken = ["label", "predicted_label", "confidence"]
    assert added(taken) == ("predicted_label_2", "predicted_confidence")


def test_labels_are_plain_and_spans_keep_their_text() -> None:
    span = Span(0, 5, "person")
    assert plain_label(Answer("a", 0.5), "text") == "a"
    assert plain_label(Answer(("a", "b"), 0.5), "text") == ["a", "b"]
    assert plain_label(Answer((), 0.5), "text") == []
    found = plain_label(Answer((span,), 0.5, spans=((span, 0.25),)), "Peter flew")
    assert found == [{"start": 0, "end": 5, "label": "person", "text": "Peter", "confidence": 0.25}]


def test_a_table_and_records_hold_the_same(tmp_path: Path) -> None:
    row = {"text": 'a "b",\nc', "label": ["x", "y"], "confidence": 0.5}
    for name in ("out.csv", "out.tsv", "out.jsonl"):
        with written(tmp_path / name, Path(name).suffix, ["text"]) as write:
            write(row)
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [{"text": 'a "b",\nc', "label": "x;y", "confidence": "0.5"}]
    with (tmp_path / "out.tsv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.reader(file, delimiter="\t"))) == 2
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8")) == row


def test_a_failure_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("precious", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), written(out, ".csv", ["text"], force=True) as write:
        write({"text": "a"})
        raise ZeroDivisionError
    assert out.read_text(encoding="utf-8") == "precious"
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_that_appeared_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(UserError, match="already there"), written(out, ".csv", ["text"]) as write:
        write({"text": "a"})
        out.write_text("precious", encoding="utf-8")
    assert out.read_text(encoding="utf-8") == "precious"
    assert list(tmp_path.iterdir()) == [out]


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught, written(tmp_path / "out.doc", ".doc", ["text"]):
        pass
    assert ".jsonl" in caught.value.hint
