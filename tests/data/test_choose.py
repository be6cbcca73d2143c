"""Columns are chosen for a reason that can be told."""

from typing import Any

from haoqi.core.config import build
from haoqi.data.choose import choose
from haoqi.data.settings import DataSettings

LONG = [f"this is a rather long free text about number {number}, is it not" for number in range(40)]
FEW = ["a", "b"] * 20


def test_the_longest_free_text_and_the_usual_name_win() -> None:
    columns: dict[str, list[Any]] = {
        "id": list(range(40)),
        "url": ["http://a.b/" + "c" * 90] * 40,
        "body": LONG,
        "class": FEW,
        "x": FEW,
    }
    roles = choose("some.csv", columns, DataSettings("some.csv"))
    assert (roles.text, roles.label) == ("body", "class")
    assert roles.why["text"].startswith("the longest free text")


def test_without_usual_names_the_fewest_values_win_and_others_are_told() -> None:
    columns = {"words": LONG, "three": ["a", "b", "c", "a"] * 10, "two": FEW}
    roles = choose("some.csv", columns, DataSettings("some.csv"))
    assert roles.label == "two"
    assert "three" in roles.notes[0]


def test_names_of_classes_win_over_their_numbers() -> None:
    columns: dict[str, list[Any]] = {
        "label": [100, 101] * 20,
        "label_desc": ["story", "culture"] * 20,
        "sentence": LONG,
    }
    assert choose("some.json", columns, DataSettings("some.json")).label == "label_desc"


def test_two_sentences_make_a_pair() -> None:
    columns = {"sentence1": LONG, "sentence2": LONG[::-1], "label": FEW}
    roles = choose("some.csv", columns, DataSettings("some.csv"))
    assert (roles.text, roles.pair, roles.label) == ("sentence1", "sentence2", "label")


def test_what_is_said_is_taken() -> None:
    settings = build(DataSettings, {"source": "some.csv", "text": "x", "label": "y", "group": "z"}, "data")
    roles = choose("some.csv", {"x": FEW, "y": LONG, "z": FEW}, settings)
    assert roles.named() == {"text": "x", "label": "y", "group": "z"}
