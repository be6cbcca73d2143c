"""Whatever way a document nests its records, the same rows come of it, and no field vanishes."""

import json
from pathlib import Path
from typing import Any

import pytest

from haoqi.core.errors import UserError
from haoqi.data import DataSettings, Raw, read
from haoqi.data.reading.records import parse

ROWS = [("the oven is broken", "kitchen"), ("the lawn is dry", "garden"), ("the hedge is tall", "garden")] * 3
ROWS = [(f"{text} {number}", label) for number, (text, label) in enumerate(ROWS)]
RECORDS = [{"text": text, "label": label} for text, label in ROWS]
NUMBERED = {str(number): record for number, record in enumerate(RECORDS)}


def load(folder: Path, document: Any, **settings: Any) -> Raw:
    (folder / "a.json").write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return read(DataSettings(str(folder / "a.json"), **settings))


DOCUMENTS: dict[str, Any] = {
    "array": RECORDS,
    "under a key": {"data": RECORDS},
    "under a key beside others": {"version": 2, "labels": ["kitchen", "garden"], "data": RECORDS},
    "under two keys": {"response": {"items": RECORDS}},
    "by number": NUMBERED,
    "columns": {"text": [t for t, _ in ROWS], "label": [label for _, label in ROWS]},
    "columns by number": {
        name: {number: record[name] for number, record in NUMBERED.items()} for name in ("text", "label")
    },
    "as pandas splits a table": {"columns": ["text", "label"], "index": [0], "data": [list(row) for row in ROWS]},
    "text to label": dict(ROWS),
    "with a missing record": [*RECORDS, None],
}


@pytest.mark.parametrize("form", DOCUMENTS)
def test_every_nesting_gives_the_same_rows(tmp_path: Path, form: str) -> None:
    raw = load(tmp_path, DOCUMENTS[form])
    assert list(raw.examples) == ROWS
    assert raw.parts is None


@pytest.mark.parametrize(
    "wrap", [lambda value: value, lambda value: {"data": value}, lambda value: {"a": value, "n": 1}]
)
def test_splits_by_name_are_found_one_deeper_too(tmp_path: Path, wrap: Any) -> None:
    document = wrap({"train": RECORDS, "test": RECORDS[:2]})
    raw = load(tmp_path, document)
    assert raw.parts == ["train"] * 9 + ["test"] * 2
    document = {"train": {"kitchen": ["the oven is hot"], "garden": ["the lawn is dry"]},
                "test": {"kitchen": ["the pan is hot"], "garden": ["the rake is old"]}}  # fmt: skip
    raw = load(tmp_path, document)
    assert raw.parts == ["train", "train", "test", "test"]
    assert raw.examples.labels == ["kitchen", "garden"] * 2


def test_fields_of_records_become_columns_with_dots(tmp_path: Path) -> None:
    rows = [{"text": t, "user": {"id": n, "name": "x"}, "mood": m} for n, (t, m) in enumerate(ROWS)]
    raw = load(tmp_path, rows)
    assert raw.schema.columns == {"text": "text", "label": "mood"}
    assert raw.schema.left_out == ("user.id", "user.name")
    assert load(tmp_path, rows, group="user.id").examples.groups == [str(number) for number in range(9)]


@pytest.mark.parametrize("field", ["label", "intent", "relation"])
@pytest.mark.parametrize("name", ["name", "value", "title", "relation_type"])
def test_a_label_that_is_a_record_is_its_name_and_never_the_next_best_column(
    tmp_path: Path, field: str, name: str
) -> None:
    rows = [
        {"text": t, field: {"id": len(m), name: m}, "source": "web" if n % 2 else "phone"}
        for n, (t, m) in enumerate(ROWS)
    ]
    raw = load(tmp_path, rows)
    assert raw.schema.columns["label"] == f"{field}.{name}"
    assert raw.examples.labels == [m for _, m in ROWS]


@pytest.mark.parametrize("cell", [{"p": 0.1, "q": 0.9}, [{"score": 1}], [[{"a": 1}]]])
def test_a_label_that_names_nothing_is_an_error_that_names_the_field(tmp_path: Path, cell: Any) -> None:
    rows = [{"text": t, "label": cell, "source": "web" if n % 2 else "phone"} for n, (t, _) in enumerate(ROWS)]
    with pytest.raises(UserError, match=r"the field label of a\.json looks like the label"):
        load(tmp_path, rows)
    assert load(tmp_path, rows, label="source").examples.labels[:2] == ["phone", "web"]


def test_labels_that_are_lists_of_records_are_their_names(tmp_path: Path) -> None:
    rows = [{"text": t, "labels": [{"id": 1, "name": m}, {"id": 2, "name": "new"}]} for t, m in ROWS]
    assert load(tmp_path, rows).examples.labels[0] == ["kitchen", "new"]


def test_identifiers_and_words_are_never_the_label(tmp_path: Path) -> None:
    rows = [
        {"uuid": f"{n:032x}", "template_id": n % 3, "text": t, "tokens": t.split(), "mood": m}
        for n, (t, m) in enumerate(ROWS)
    ]
    assert load(tmp_path, rows).schema.columns == {"text": "text", "label": "mood"}
    with pytest.raises(UserError, match="no column"):
        load(tmp_path, [{key: value for key, value in row.items() if key != "mood"} for row in rows])


def test_a_list_of_words_is_the_text_and_the_relation_its_label(tmp_path: Path) -> None:
    rows = [
        {"relation": m, "token": t.split(), "subj_start": n % 3, "subj_type": "PART" if n % 2 else "THING"}
        for n, (t, m) in enumerate(ROWS)
    ]
    assert list(load(tmp_path, rows).examples) == ROWS


def test_lists_of_labels_are_no_words(tmp_path: Path) -> None:
    names = ["crime", "drama", "comedy", "war", "romance", "western"]
    rows = [{"plot": t, "genres": names[n % 3 : n % 3 + 4]} for n, (t, _) in enumerate(ROWS * 4)]
    assert load(tmp_path, rows).examples.labels[1] in (names[1:5], sorted(names[1:5]))


BROKEN = {
    "nested too deeply": "[" * 9_000 + "]" * 9_000,
    "an empty record": "{}",
    "rows of several kinds": '[{"text": "a b", "label": "x"}, ["a", "b"]]',
    "texts alone": '["a b", "c d"]',
    "cut off": '[{"text": "a b", "label": "x"}, {"text": "c',
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_documents_are_told_in_two_lines(tmp_path: Path, case: str) -> None:
    with pytest.raises(UserError) as caught:
        load(tmp_path, BROKEN[case])
    assert "a.json" in caught.value.what
    assert caught.value.hint


def test_a_text_in_braces_is_no_json(tmp_path: Path) -> None:
    rows = "".join(f"[{number}] {text}\t{label}\n" for number, (text, label) in enumerate(ROWS))
    (tmp_path / "a.txt").write_text(rows)
    raw = read(DataSettings(str(tmp_path / "a.txt")))
    assert raw.schema.format == "csv"
    assert raw.examples.labels == [label for _, label in ROWS]


def test_records_are_had_as_they_stand_with_their_splits() -> None:
    assert parse(json.dumps({"train": RECORDS[:1], "test": [["a", "b"]]}), "a") == (
        [RECORDS[0], ["a", "b"]],
        ["train", "test"],
    )
    assert parse("1\n2", "a") == ([1, 2], None)
