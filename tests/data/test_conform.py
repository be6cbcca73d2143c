"""Another file is read as the one that was learnt from."""

from pathlib import Path

import pytest

from haoqi import data
from haoqi.core.errors import UserError
from haoqi.data.reading.conform import conform, spell_like
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

LEARNT = Schema("train.csv", "csv", columns={"text": "subject", "label": "label"}, header=1)
ROWS = "it broke on day two,a long body that says nothing,bad\nall is well with it,another long body of text,good\n"


def read(path: Path, content: str, learnt: Schema = LEARNT) -> data.Raw:
    path.write_text(content, encoding="utf-8")
    return data.read(DataSettings(str(path)), learnt=learnt)


def test_the_columns_that_were_learnt_from_are_taken(tmp_path: Path) -> None:
    raw = read(tmp_path / "new.csv", "subject,body,label\n" + ROWS)
    assert raw.examples.texts == ["it broke on day two", "all is well with it"]
    assert raw.schema.columns["text"] == "subject"
    assert raw.schema.why == {"text": "as learnt", "label": "as learnt"}


def test_a_missing_column_has_a_stand_in_only_where_one_could_be_meant(tmp_path: Path) -> None:
    raw = read(tmp_path / "new.csv", "id,message,label\n1,it broke on day two,bad\n2,all is well with it,good\n")
    assert raw.examples.texts[0] == "it broke on day two"
    assert "column subject, which was learnt from, is not there: text is column message" in raw.schema.warnings[0]
    with pytest.raises(UserError, match="has no column subject"):
        read(tmp_path / "new.csv", "title,body,label\n" + ROWS)


def test_labels_are_spelt_as_they_were_learnt() -> None:
    assert spell_like(["1.0", "0", ["1.0", "x"], None], ["0", "1"]).labels == ["1", "0", ["1", "x"], None]
    assert spell_like(["True", "FALSE"], ["false", "true"]).labels == ["true", "false"]
    assert spell_like(["true"], ["0", "1"]).labels == ["1"]
    assert spell_like(["Billing"], ["billing"]).unknown == {"Billing": 1}


def test_labels_never_learnt_are_named_and_a_score_of_nothing_is_an_error(tmp_path: Path) -> None:
    raw = read(tmp_path / "new.csv", "subject,label\nit broke on day two,bad\nall is well,great\nso so,great\n")
    found = conform(raw, ["bad", "good"], "reviews@1")
    assert found.schema.warnings[-1] == "labels that reviews@1 never learnt count as wrong: great (2)"
    with pytest.raises(UserError, match=r"none of the labels of new\.csv was learnt by reviews@1: great"):
        conform(raw, ["1", "2"], "reviews@1")


def test_a_schema_survives_its_file() -> None:
    schema = Schema("a", "csv", columns={"text": "x"}, runners_up={"text": ("y",)}, unsure=("text",), header=1)
    assert Schema.from_plain(schema.to_plain()).to_plain() == schema.to_plain()
    assert Schema.from_plain({"source": "a", "format": "csv", "later": 1}).source == "a"
    assert schema.settings() == {"format": "csv", "header": 1, "text": "x"}
