"""Relations in all the forms that they come in: every one becomes a text with marks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haoqi import data, tasks
from haoqi.core.errors import UserError
from haoqi.data.reading.spans.stretches import Sides
from haoqi.data.reading.tables.relation_columns import find_sides
from haoqi.data.settings import DataSettings

WORDS = ["Ann", "Lee", "works", "for", "Acme", "in", "Oslo"]
TEXT = " ".join(WORDS)
MARKED = "Ann Lee works for <e1>Acme</e1> in <e2>Oslo</e2>"
ROWS = 12


def relation(row: int) -> str:
    return ("located_in", "no_relation")[row % 2]


def csv(columns: str, *cells: str) -> str:
    return f"{columns},relation\n" + "".join(f"{','.join(cells)},{relation(row)}\n" for row in range(ROWS))


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps({**records[row % len(records)], "relation": relation(row)}) + "\n" for row in range(ROWS))


def tacred() -> str:
    tags = {"stanford_ner": ["PERSON"] * 2 + ["O"] * 5, "stanford_head": list(range(7))}
    places = {"subj_start": 4, "subj_end": 4, "obj_start": 6, "obj_end": 6, "subj_type": "ORG", "obj_type": "CITY"}
    return json.dumps([{"id": row, "relation": relation(row), "token": WORDS, **places, **tags} for row in range(ROWS)])


FORMS: dict[str, Callable[[], str]] = {
    "names.csv": lambda: csv("text,head,tail", TEXT, "Acme", "Oslo"),
    "places.csv": lambda: csv("sentence,head_start,head_end,tail_start,tail_end", TEXT, "18", "22", "26", "30"),
    "last.csv": lambda: csv("text,e1,e1_start,e1_end,e2,e2_start,e2_end", TEXT, "Acme", "18", "21", "Oslo", "26", "29"),
    "opennre.jsonl": lambda: lines(
        {"text": TEXT, "h": {"name": "Acme", "id": "Q1", "pos": [18, 22]}, "t": {"name": "Oslo", "pos": [26, 30]}}
    ),
    "wiki80.jsonl": lambda: lines(
        {"token": WORDS, "h": {"name": "acme", "pos": [4, 5]}, "t": {"name": "oslo", "pos": [6, 7]}}
    ),
    "tacred.json": tacred,
    "fewrel.json": lambda: json.dumps(
        {
            name: [{"tokens": WORDS, "h": ["acme", "Q1", [[4]]], "t": ["oslo", "Q2", [[6]]]}] * (ROWS // 2)
            for name in ("located_in", "no_relation")
        }
    ),
    "marks.csv": lambda: "text,relation\n" + "".join(f"{MARKED} {row},{relation(row)}\n" for row in range(ROWS)),
    "semeval.txt": lambda: "".join(
        f'{row}\t"{MARKED}"\r\n{relation(row)}\r\nComment: x\r\n\r\n' for row in range(ROWS)
    ),
}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_form_becomes_marked_texts_with_relations(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(FORMS[name](), encoding="utf-8")
    raw = data.read(DataSettings(str(path)))
    assert {text.rstrip(" 0123456789") for text in raw.examples.texts} == {MARKED}
    assert sorted(map(str, raw.examples.labels)) == ["located_in"] * 6 + ["no_relation"] * 6
    task, _ = tasks.resolve(None, raw)
    assert (task.name, task.metric.name) == ("relations", "relation_micro_f1")


def test_duie_has_an_example_for_each_triple(tmp_path: Path) -> None:
    triples = [
        {"predicate": "导演", "subject": "第一部", "object": {"@value": "王小明"}},
        {"predicate": "主演", "subject": "第一部", "object": "李雷"},
    ]
    records = [{"text": "《第一部》是王小明导演的，李雷主演", "spo_list": triples}, {"text": "没有", "spo_list": []}]
    path = tmp_path / "duie.json"
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    raw = data.read(DataSettings(str(path)))
    assert list(raw.examples) == [
        ("《<e1>第一部</e1>》是<e2>王小明</e2>导演的，李雷主演", "导演"),
        ("《<e1>第一部</e1>》是王小明导演的，<e2>李雷</e2>主演", "主演"),
    ]


def test_of_words_that_occur_twice_the_nearest_places_count() -> None:
    sides = Sides("text", ("head", "tail"), ("head", "tail"))
    row = {"text": "Oslo is far. Acme is in Oslo, Norway.", "head": "Acme", "tail": "Oslo"}
    assert sides.mark(row) == "Oslo is far. <e1>Acme</e1> is in <e2>Oslo</e2>, Norway."
    assert sides.mark({**row, "tail": "Paris"}) is None
    assert sides.mark({**row, "head": "Oslo"}) == "<e1>Oslo</e1> is far. Acme is in <e2>Oslo</e2>, Norway."


def test_columns_that_are_only_called_so_are_left_alone() -> None:
    assert find_sides({"text": ["a b", "c d"], "head": ["x", "y"], "tail": ["z", "z"]}) is None
    assert find_sides({"text": ["a b"], "subject": ["a"], "label": ["b"]}) is None


def test_rows_whose_stretches_are_not_in_the_text_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text(csv("text,head,tail", TEXT, "Acme", "Oslo") + f"{TEXT},Acme,Paris,located_in\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"1 of 13 rows of some\.csv name stretches"):
        data.read(DataSettings(str(path)))
    raw = data.read(DataSettings(str(path), bad_rows=0.1))
    assert len(raw.examples) == 12
    assert dict(raw.schema.skipped) == {"stretches that are not in the text": 1}


def prepared(texts: list[str], labels: list[str], folder: Path, **settings: Any) -> Any:
    from haoqi.data.examples import Examples
    from haoqi.data.raw import Raw

    raw = Raw.of(Examples.of(texts, labels))
    return data.prepare(raw, str, DataSettings("memory", **settings), seed=0, folder=folder, marked=True)


@pytest.mark.parametrize("near", [True, False])
def test_a_sentence_with_another_pair_marked_is_another_example_of_the_same_split(tmp_path: Path, near: bool) -> None:
    places = ("Oslo", "Rome", "Paris", "Bonn", "Lima", "Kyiv", "Doha", "Quito", "Baku", "Accra")
    texts = []
    for row, place in enumerate(places * 3):
        name = f"{place}{row}"
        texts += [
            f"{row} <e1>Ann</e1> went from {name} to see <e2>Bob</e2>",
            f"{row} <e1>Ann</e1> went from <e2>{name}</e2> to see Bob",
        ]
    found = prepared(texts, ["a", "b"] * 30, tmp_path / "data", near_duplicates=near, valid=0.2, test=0.2)
    splits = found.splits
    assert len(splits.train) + len(splits.valid) + len(splits.test) == 60
    numbers = [{text.split()[0] for text in part.texts} for part in (splits.train, splits.valid, splits.test)]
    assert not (numbers[0] & numbers[1] or numbers[0] & numbers[2] or numbers[1] & numbers[2])
    assert len(set(splits.train.keys)) == len(splits.train)


def test_texts_without_marks_are_left_out_and_told(tmp_path: Path) -> None:
    texts = [f"<e1>a{row}</e1> and <e2>b{row}</e2>" for row in range(60)]
    found = prepared([*texts, "no marks at all"], ["x", "y"] * 30 + ["x"], tmp_path / "data")
    assert found.card.dropped["without two marked stretches, <e1>...</e1> and <e2>...</e2>"] == 1
    assert any("no two marked stretches" in note for note in found.card.notes)


def test_the_first_in_the_text_is_e1_where_labels_say_the_direction(tmp_path: Path) -> None:
    texts = [f"<e2>a{row}</e2> of <e1>b{row}</e1>" for row in range(40)]
    texts += [f"<e1>c{row}</e1> in <e2>d{row}</e2>" for row in range(40)]
    labels = ["R(e1,e2)", "Other"] * 20 + ["S(e1,e2)", "Other"] * 20
    found = prepared(texts, labels, tmp_path / "data")
    splits = found.splits
    both = dict([*splits.train, *splits.valid, *splits.test])
    assert both["<e1>a0</e1> of <e2>b0</e2>"] == "R(e2,e1)"
    assert both["<e1>a1</e1> of <e2>b1</e2>"] == "Other"
    assert both["<e1>c0</e1> in <e2>d0</e2>"] == "S(e1,e2)"
    assert any("in 40 texts e2 stood before e1" in note for note in found.card.notes)
    assert tasks.build("relations", ()).output.vocabulary(labels) == (
        *("Other", "R(e1,e2)", "R(e2,e1)", "S(e1,e2)", "S(e2,e1)"),
    )


def test_labels_without_a_direction_keep_their_marks(tmp_path: Path) -> None:
    texts = [f"<e2>a{row}</e2> of <e1>b{row}</e1>" for row in range(40)]
    found = prepared(texts, ["born_in", "na"] * 20, tmp_path / "data")
    assert all(text.startswith("<e2>") for text in found.splits.train.texts)
    assert tasks.build("relations", ()).output.vocabulary(["born_in", "na"]) == ("born_in", "na")
