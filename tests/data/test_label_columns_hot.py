"""Measured numbers are no classes, and columns of 0 and 1 that stand side by side belong together."""

from collections.abc import Sequence
from typing import Any

from haoqi.core.config import build
from haoqi.data.reading.tables.roles import Roles, choose_roles
from haoqi.data.settings import DataSettings

LONG = [f"this is a rather long free text about number {number}, is it not" for number in range(60)]


def chosen(columns: dict[str, Sequence[Any]]) -> Roles:
    return choose_roles("some.csv", columns, build(DataSettings, {"source": "some.csv"}, "data"))


def test_a_column_of_measured_numbers_is_no_label_whatever_it_is_called() -> None:
    score = [f"0.{number * 7919 % 1000:03d}" for number in range(60)]
    assert chosen({"Nachricht": LONG, "Thema": ["a", "b", "c"] * 20, "score": score}).one("label") == "Thema"


def test_ratings_with_halves_are_labels() -> None:
    assert chosen({"review": LONG, "rating": [1.0, 1.5, 2.0, 4.5] * 15}).one("label") == "rating"


def test_columns_of_0_and_1_side_by_side_belong_together_whatever_one_is_called() -> None:
    hot = {name: [str(int(row % 3 == place % 3 or row % 7 == place)) for row in range(60)] for place, name in enumerate(
        ("balance", "change_language", "card", "delivery")
    )}  # fmt: skip
    roles = chosen({"text": LONG, "seed": ["0"] * 30 + ["1"] * 30, "note": ["x"] * 60, **hot})
    assert roles.columns["label"] == ("balance", "change_language", "card", "delivery")
