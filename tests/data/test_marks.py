"""Spans are read from cells of every usual shape, and what is wrong with them is told and counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from haoqi.core.errors import UserError
from haoqi.data import DataSettings, Raw, Span, read
from haoqi.data.reading.spans.marks import holds_marks, spans_of_cells, spans_of_tag_strings

SETTINGS = DataSettings("a.json")
TEXT = "叶老桂在浙商银行"
WANTED = (Span(0, 3, "name"), Span(4, 8, "company"))


def load(path: Path, **settings: Any) -> Raw:
    return read(DataSettings(str(path), **settings))


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def records(*names: str, last: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Return the wanted spans under names for start, end and kind."""
    return [
        {names[0]: start, names[1]: end - last, names[2]: kind, **dict.fromkeys(more, TEXT[start:end])}
        for start, end, kind in WANTED
    ]


FORMS: dict[str, Any] = {
    "CLUENER": {"name": {"叶老桂": [[0, 2]]}, "company": {"浙商银行": [[4, 7]]}},
    "CLUENER, exclusive": {"name": {"叶老桂": [[0, 3]]}, "company": {"浙商银行": [[4, 8]]}},
    "kind to places": {"name": [[0, 3]], "company": [[4, 8]]},
    "lists": [[0, 3, "name"], [4, 8, "company"]],
    "kind first": [["name", 0, 3], ["company", 4, 8]],
    "kind last": [[0, 3, "叶老桂", "name"], [4, 8, "浙商银行", "company"]],
    "spaCy": {"entities": [[0, 3, "name"], [4, 8, "company"]]},
    "records": records("start", "end", "label"),
    "Doccano": records("start_offset", "end_offset", "label"),
    "Amazon": records("BeginOffset", "EndOffset", "Type", Text=1),
    "positions": records("start_position", "end_position", "entity_type", entity_value=1),
    "inclusive": records("start_idx", "end_idx", "type", last=1, entity=1),
    "numbers as texts": [{"start": "0", "end": "3", "label": "name"}, {"start": 4.0, "end": 8.0, "label": "company"}],
    "offset and length": [
        {"offset": 0, "length": 3, "category": "name"},
        {"offset": 4, "length": 4, "category": "company"},
    ],
    "offsets in lists": [
        {"type": "name", "offsets": [[0, 3]], "text": ["叶老桂"]},
        {"type": "company", "offsets": [[4, 8]], "text": ["浙商银行"]},
    ],
    "points": [
        {"label": ["name"], "points": [{"start": 0, "end": 2, "text": "叶老桂"}]},
        {"label": ["company"], "points": [{"start": 4, "end": 7, "text": "浙商银行"}]},
    ],
    "values": [
        {"value": {"start": 0, "end": 3, "labels": ["name"]}, "type": "labels"},
        {"value": {"start": 4, "end": 8, "labels": ["company"]}, "type": "labels"},
    ],
    "label records": [
        {"start": 0, "end": 3, "label": {"id": 1, "name": "name"}},
        {"start": 4, "end": 8, "label": {"id": 2, "name": "company"}},
    ],
}


@pytest.mark.parametrize("written", [lambda cell: cell, json.dumps, str], ids=["values", "JSON", "Python"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_spans_is_read_alike(form: str, written: Any) -> None:
    cell = written(FORMS[form])
    assert holds_marks(cell)
    found = spans_of_cells([TEXT, "无"], [cell, "[]"], "a.json", SETTINGS)
    assert found.labels == [WANTED, ()]
    assert (found.bad, found.warnings) == ({}, ())


@pytest.mark.parametrize(
    "cell",
    [None, "", "text (with brackets)", "[1] a note", [], {}, ["a", "b"], [1, 2], {"a": 0.5}, [{"name": "x"}], [[1, 2]]],
)
def test_other_cells_hold_no_spans(cell: Any) -> None:
    assert not holds_marks(cell)


@pytest.mark.parametrize("field", ["entities", "spans", "label", "annotations", "ner", "what_was_found"])
def test_spans_are_found_under_any_field_and_after_any_number_of_rows(tmp_path: Path, field: str) -> None:
    empty = [{"text": f"nothing in row {number}", "source": "chat", field: []} for number in range(99)]
    found = {"text": "a letter to Rome", "source": "mail", field: [{"start": 12, "end": 16, "label": "city"}]}
    raw = load(lines(tmp_path / "a.jsonl", [*empty, found]))
    assert raw.shape == "spans"
    assert raw.schema.columns == {"text": "text", "label": field}
    assert raw.examples.labels == [()] * 99 + [(Span(12, 16, "city"),)]
    assert raw.schema.left_out == ("source",)


@pytest.mark.parametrize(("field", "label"), [("type", "entities"), ("score", "entities"), ("intent", "intent")])
def test_spans_give_way_to_names_that_surely_mean_the_label_and_the_other_is_told(
    tmp_path: Path, field: str, label: str
) -> None:
    rows = [
        {"text": f"Rome on day {n}", field: "ab"[n % 2], "entities": [{"start": 0, "end": 4, "label": "city"}]}
        for n in range(20)
    ]
    raw = load(lines(tmp_path / "a.jsonl", rows))
    assert raw.schema.columns["label"] == label
    told = f"column {field} could be the label too" if label == "entities" else "--label entities learns them"
    assert any(told in note for note in raw.schema.notes)


def test_spans_in_cells_of_a_table_are_read_and_beat_what_repeats(tmp_path: Path) -> None:
    cell = '"[{""start"": 10, ""end"": 14, ""text"": ""Rome"", ""labels"": [""city""]}]"'
    rows = "".join(f"{number} days in Rome,{cell},{number % 3}.5\n" for number in range(3))
    (tmp_path / "a.csv").write_text(f"text,label,lead_time\n{rows}none at all,,1.5\n")
    raw = load(tmp_path / "a.csv")
    assert raw.shape == "spans"
    assert raw.examples.labels == [(Span(10, 14, "city"),)] * 3 + [()]


def test_the_text_is_where_the_words_of_the_spans_stand(tmp_path: Path) -> None:
    rows = [
        {
            "masked": f"a much longer text about the {{{{THING}}}} of number {number} here",
            "full_text": f"the oven of {number}",
            "spans": [{"start_position": 4, "end_position": 8, "entity_type": "THING", "entity_value": "oven"}],
            "template_id": number % 3,
        }
        for number in range(20)
    ]
    raw = load(lines(tmp_path / "a.jsonl", rows))
    assert raw.schema.columns == {"text": "full_text", "label": "spans"}


def test_blanks_at_edges_and_empty_spans_are_left_out_and_told() -> None:
    cells = [[[0, 5, "a"], [0, 0, "b"], [4, 5, "c"], [5, 9, "d"]]]
    found = spans_of_cells(["Rome away"], cells, "a.json", SETTINGS)
    assert found.labels == [(Span(0, 4, "a"), Span(5, 9, "d"))]
    assert "blanks at the edges of 1 span are left out of it" in found.notes
    assert "2 spans are empty and left out" in found.notes


def test_a_bad_row_is_left_out_and_told_and_many_are_an_error(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": f"Rome is {number}", "entities": [{"start": 0, "end": 4, "label": "city"}]} for number in range(199)
    ]
    bad = {"text": "short", "entities": [{"start": 0, "end": 40, "label": "city"}]}
    raw = load(lines(tmp_path / "a.jsonl", [*rows[:7], bad, *rows[7:]]))
    assert len(raw.examples) == 199
    assert raw.examples.ids[6:8] == [6, 8]
    assert raw.schema.skipped == {"with spans that fit no text": 1}
    assert "row 8 has a span from 0 to 40 in a text of 5 characters" in raw.schema.notes
    with pytest.raises(UserError, match=r"3 of 202 rows .*row 1 has a span from 0 to 40 in a text of 5") as caught:
        load(lines(tmp_path / "b.jsonl", [*[bad] * 3, *rows]))
    assert "--bad-rows 0.02" in caught.value.hint
    assert len(load(tmp_path / "b.jsonl", bad_rows=0.02).examples) == 199


def test_surfaces_that_stand_elsewhere_are_never_shifted_unsaid() -> None:
    texts = [f"row {number} from Rome" for number in range(10, 20)]
    cells = [[{"start": 12 - number % 2, "end": 16, "label": "city", "text": "Rome"}] for number in range(10, 20)]
    with pytest.raises(UserError, match="said to be 'Rome'"):
        spans_of_cells(texts, [[{**one, "start": one["start"] - 3} for one in cell] for cell in cells], "a", SETTINGS)


def test_the_first_of_several_labels_is_learnt_and_the_others_are_counted() -> None:
    cells = [[{"start": 0, "end": 4, "labels": ["city", "name"]}], [{"start": 0, "end": 4, "labels": ["city"]}]]
    found = spans_of_cells(["Rome", "Oslo"], cells, "a.json", SETTINGS)
    assert found.labels == [(Span(0, 4, "city"),)] * 2
    assert found.warnings == ("spans have several labels, of which only the first is learnt; left out: name 1 times",)


def test_relations_beside_spans_and_spans_without_a_label_are_left_out_and_told() -> None:
    relation = {"from_id": "r0", "to_id": "r1", "type": "relation", "direction": "right"}
    cell = [{"value": {"start": 0, "end": 4, "labels": ["city"]}, "id": "r0"}, relation, {"start": 1, "end": 2}]
    found = spans_of_cells(["Rome"], [cell], "a.json", SETTINGS)
    assert found.labels == [(Span(0, 4, "city"),)]
    assert "1 record beside the spans, such as a relation, is left out" in found.notes
    assert "1 span has no label and is left out" in found.notes


def test_rows_without_the_field_have_no_spans_unless_others_say_so(tmp_path: Path) -> None:
    marked = [{"text": f"Rome {number}", "spans": [[0, 4, "city"]]} for number in range(4)]
    bare: list[dict[str, Any]] = [{"text": f"nothing {number}"} for number in range(6)]
    raw = load(lines(tmp_path / "a.jsonl", [*marked, *bare]))
    assert raw.examples.labels[4:] == [()] * 6
    assert "6 rows without a cell of spans count as texts without any" in raw.schema.notes
    raw = load(lines(tmp_path / "b.jsonl", [*marked, {"text": "said so", "spans": []}, *bare]))
    assert raw.examples.labels[4:] == [(), *[None] * 6]
    assert raw.parts == ["train"] * 5 + ["unlabelled"] * 6


def test_a_split_without_any_spans_is_unlabelled(tmp_path: Path) -> None:
    train = [{"text": f"Rome {number}", "spans": [[0, 4, "city"]]} for number in range(4)]
    (tmp_path / "a.json").write_text(json.dumps({"train": [*train, {"text": "no"}], "test": [{"text": "who knows"}]}))
    raw = load(tmp_path / "a.json")
    assert raw.examples.labels[4:] == [(), None]
    assert raw.parts == ["train"] * 5 + ["unlabelled"]


def test_places_of_words_become_places_of_characters(tmp_path: Path) -> None:
    rows = [{"sentence": ["in", "New", "York", str(n)], "ner": [{"index": [1, 2], "type": "city"}]} for n in range(3)]
    raw = load(lines(tmp_path / "a.jsonl", rows))
    assert raw.examples.texts[0] == "in New York 0"
    assert raw.examples.labels[0] == (Span(3, 11, "city"),)
    assert raw.examples.words is not None and raw.examples.words[0][1] == (3, 6)
    rows = [{"tokens": ["in", "New", "York", "now"], "entities": [[1, 2, "city"], [3, 3, "time"]]} for _ in range(3)]
    raw = load(lines(tmp_path / "b.jsonl", rows))
    assert raw.examples.labels[0] == (Span(3, 11, "city"), Span(12, 15, "time"))
    assert any("words, ends are inclusive" in note for note in raw.schema.notes)


def test_a_tag_for_each_character_becomes_spans(tmp_path: Path) -> None:
    assert spans_of_tag_strings(["abc", "ab"], ["OBO", "word"], "a", SETTINGS) is None
    rows = [{"id": n, "sentence": f"the oven {n:02}", "label": "OOOOBIIIOOO"} for n in range(9)]
    raw = load(lines(tmp_path / "a.jsonl", rows))
    assert raw.examples.labels[0] == (Span(4, 8, "entity"),)
    with pytest.raises(UserError, match="row 3 has 2 tags for 3 characters"):
        spans_of_tag_strings(["abc"] * 60, ["OBO"] * 2 + ["OB"] + ["OBO"] * 57, "a", SETTINGS)


def test_half_characters_keep_the_places_of_what_follows(tmp_path: Path) -> None:
    row = '{"text": "\\ud83d Rome", "entities": [{"start": 2, "end": 6, "label": "city", "text": "Rome"}]}'
    (tmp_path / "a.jsonl").write_text(f"{row}\n{row}")
    assert load(tmp_path / "a.jsonl").examples.labels == [(Span(2, 6, "city"),)] * 2


def test_words_that_stand_beside_the_text_are_counted_where_characters_make_no_sense(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": f"Ada, of Oslo, came {n}.", "tokens": ["Ada", ",", "of", "Oslo", ",", "came", str(n), "."]}
        for n in range(12)
    ]
    spans = [[3, 4, "city"], [5, 6, "deed"]]
    raw = load(lines(tmp_path / "a.jsonl", [{**row, "ner": spans} for row in rows]))
    assert raw.examples.labels[0] == (Span(8, 12, "city"), Span(14, 18, "deed"))
    places = [[0, 3, "name"], [8, 12, "city"]]
    raw = load(lines(tmp_path / "b.jsonl", [{**row, "ner": places} for row in rows]))
    assert raw.examples.labels[0] == (Span(0, 3, "name"), Span(8, 12, "city"))


def test_places_that_seem_to_count_unknown_words_are_refused_and_odd_ones_doubted() -> None:
    texts = [f"Adalbert from Oslo, arrived early {number}" for number in range(12)]
    with pytest.raises(UserError, match="small enough to count words"):
        spans_of_cells(texts, [[[2, 3, "city"]]] * 12, "a.json", SETTINGS)
    found = spans_of_cells(texts, [[[11, 17, "city"]]] * 12, "a.json", SETTINGS)
    assert found.warnings == ("100% of the spans of a.json begin or end inside words: are they places in these texts?",)
