"""Multiple choice is named for what it is: neither places of options nor other columns are learnt unasked."""

from collections.abc import Sequence
from typing import Any

import pytest

from haoqi.core.errors import UserError
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.settings import DataSettings

ROWS = 60
QUESTIONS = [f"Which part of a kettle breaks after {number} years of daily use?" for number in range(ROWS)]
OPTIONS = [[f"the {word} no. {number}" for word in ("lid", "cord", "spout", "base")] for number in range(ROWS)]
SUBJECT = ["repair", "physics", "shops"] * (ROWS // 3)


def split(names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in OPTIONS] for place, name in enumerate(names)}


TABLES: dict[str, dict[str, list[Any]]] = {
    "a list, places": {"choices": OPTIONS, "answer": [number % 4 for number in range(ROWS)]},
    "a list, letters": {"choices.text": OPTIONS, "answerKey": ["ABCD"[number % 4] for number in range(ROWS)]},
    "a list, texts": {"options": OPTIONS, "correct_answer": [row[n % 4] for n, row in enumerate(OPTIONS)]},
    "letters": {**split(["opa", "opb", "opc", "opd"]), "cop": [number % 4 for number in range(ROWS)]},
    "numbers": {**split(["choice1", "choice2"]), "label": [number % 2 for number in range(ROWS)]},
    "single letters": {**split(["A", "B", "C", "D"]), "target": ["ABCD"[number % 4] for number in range(ROWS)]},
}


@pytest.mark.parametrize("columns", TABLES.values(), ids=TABLES)
def test_questions_with_options_are_named_and_learnt_only_from_a_column_that_is_said(
    columns: dict[str, list[Any]],
) -> None:
    table = Table("exam", {"question": QUESTIONS, "subject": SUBJECT, **columns}, "json", "mark")
    with pytest.raises(UserError, match="exam is laid out as multiple choice") as caught:
        to_raw(table, DataSettings("exam"))
    assert "--label" in caught.value.hint
    assert to_raw(table, DataSettings("exam", label="subject")).schema.columns["label"] == "subject"
    assert len(to_raw(table, DataSettings("exam", text="question"), labelled=False).examples) == ROWS


def test_the_classes_of_all_rows_beside_the_label_are_no_options() -> None:
    classes = [["repair", "physics", "shops"]] * ROWS
    table = Table("exam", {"question": QUESTIONS, "options": classes, "answer": SUBJECT}, "json", "mark")
    assert to_raw(table, DataSettings("exam")).schema.columns["label"] == "answer"


def test_texts_beside_a_label_that_points_at_none_of_them_are_no_options() -> None:
    table = Table("exam", {"question": QUESTIONS, **split(["answer1", "answer2"]), "label": SUBJECT}, "json", "mark")
    assert to_raw(table, DataSettings("exam")).schema.columns["label"] == "label"


def test_measurements_beside_a_label_are_no_options() -> None:
    measured: dict[str, list[Any]] = {
        name: [number + place / 7 for number in range(ROWS)] for place, name in enumerate("ab")
    }
    table = Table("exam", {"question": QUESTIONS, **measured, "label": [n % 2 for n in range(ROWS)]}, "json", "mark")
    assert to_raw(table, DataSettings("exam")).schema.columns["label"] == "label"
