"""Rows with their triples as they stand in files."""

import csv
import io
import json
from typing import Any

import pytest

from haoqi.batch.triple_rows import COLUMNS, TripleStyle, check_kind
from haoqi.core.errors import UserError
from haoqi.models.extractor import Mention, Triple


def row(number: int, count: int) -> dict[str, Any]:
    head, tail = Mention(0, 3, "Ann", "PER", 0.9), Mention(14, 18, "A, c", "ORG", 0.8)
    triples = [Triple(head, "works_for", tail, 0.5).to_plain()] * count
    return {"id": number, "text": "Ann works for A, c", "triples": triples, "entities": [head.to_plain()]}


def test_a_table_has_a_line_for_each_triple_and_keeps_the_other_columns() -> None:
    style = TripleStyle.of(".csv", ["id", "text"], ["text"])
    text = style.heading + style.spell([row(7, 2), row(8, 0)]) + style.spell([row(9, 1)]) + style.ending
    found = list(csv.DictReader(io.StringIO(text)))
    assert list(found[0]) == ["row", "id", *COLUMNS]
    assert [(one["row"], one["id"]) for one in found] == [("1", "7"), ("1", "7"), ("3", "9")]
    assert (found[0]["head"], found[0]["tail"], found[0]["confidence"]) == ("Ann", "A, c", "0.36")
    assert found[0]["tail_start"] == "14"


def test_columns_of_the_same_name_stay_apart() -> None:
    style = TripleStyle.of(".tsv", ["row", "head", "text", "triples"], ["text"])
    assert style.columns[:4] == ("found_row", "row", "head", "triples")
    assert "found_head" in style.columns
    assert style.names == ("found_triples", "entities")


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_an_array_is_whole_wherever_it_was_taken_up(cut: int) -> None:
    rows = [row(number, 1) for number in range(3)]
    first, rest = (TripleStyle.of(".json", ["id", "text"], ["text"]) for _ in range(2))
    rest.rows = cut
    text = first.heading + first.spell(rows[:cut]) + rest.spell(rows[cut:]) + rest.ending
    assert json.loads(text) == rows


def test_lines_of_json_hold_all_of_a_row() -> None:
    style = TripleStyle.of(".jsonl", ["id", "text"], ["text"])
    assert style.heading + style.ending == ""
    assert json.loads(style.spell([row(1, 1)])) == row(1, 1)


def test_other_endings_are_refused() -> None:
    check_kind(".json")
    with pytest.raises(UserError, match=r"answers cannot be written as \.xlsx"):
        check_kind(".xlsx")
