"""Labels are read from their cells in one spelling, one or several as they stand there."""

import unicodedata
from typing import Any

import numpy as np
import pytest

from haoqi.data.reading.tables.label_cells import guess_separator, join_columns, read_label_cells


@pytest.mark.parametrize(
    "cells",
    [
        ["a, b", "b", "c, a", "c"],
        ["a|b", "b", "c|a", "c"],
        ["a#b", "b", "c#a", "c"],
        ["[a, b]", "[b]", "[c, a]", "[c]"],
        ["['a', 'b']", "['b']", "['c', 'a']", "['c']"],
        ["['a' 'b']", "['b']", "['c' 'a']", "['c']"],
        ['["a", "b"]', '["b"]', '["c", "a"]', '["c"]'],
        ['{"choices": ["a", "b"]}', "b", '{"choices": ["c", "a"]}', "c"],
        [{"b", "a"}, {"b"}, ("c", "a"), np.array(["c"])],
    ],
)
def test_several_labels_in_a_cell_are_told_from_one(cells: list[Any]) -> None:
    assert read_label_cells(cells).labels == [["a", "b"], ["b"], ["a", "c"], ["c"]]


def test_a_separator_within_names_is_no_separator() -> None:
    cells = ["Books; Media", "Health; Beauty", "Media", "Toys", "C++/C#", "R&D", "Doe, Ann"] * 3
    found = read_label_cells(cells)
    assert found.labels == cells
    assert read_label_cells(["a; b", "a"], separator="none").labels == ["a; b", "a"]
    assert read_label_cells(["a b", "a"], separator=" ").labels == [["a", "b"], ["a"]]
    assert guess_separator({"news/sport": 3, "news/politics": 3, "arts": 1})[1] < 0.5


def test_lists_that_all_hold_one_label_are_one_label_each() -> None:
    found = read_label_cells([["a"], ["b"], []])
    assert (found.labels, found.notes) == (["a", "b", None], ("each list holds one label",))


def test_whole_numbers_and_truth_values_have_one_spelling() -> None:
    assert read_label_cells([1, 1.0, "1", "1.0", "0.0"]).labels == ["1", "1", "1", "1", "0"]
    assert read_label_cells([True, "True", "true", np.True_, "FALSE"]).labels == ["true"] * 4 + ["false"]
    assert read_label_cells(["007", "7", "1e3", "12"]).labels == ["007", "7", "1e3", "12"]
    assert read_label_cells(["1.0", "1.5", "2.0"]).labels == ["1", "1.5", "2"]
    assert read_label_cells(["v1.0", "1.0"]).labels == ["v1.0", "1.0"]


def test_names_are_composed_and_variants_are_told() -> None:
    found = read_label_cells(["café", unicodedata.normalize("NFD", "café"), "Billing", "billing ", "BILLING"])
    assert found.labels[0] == found.labels[1] == "café"
    assert "BILLING and Billing and billing" in found.warnings[0]


def test_words_for_what_is_missing_are_classes_where_they_are_frequent() -> None:
    often = read_label_cells(["nan", "null", "N/A", "None", "yes"] * 10)
    assert set(often.labels) == {"nan", "null", "N/A", "None", "yes"}
    assert "--missing-labels" in often.warnings[0]
    seldom = read_label_cells([*["good", "bad"] * 100, "null"])
    assert seldom.labels[-1] is None
    assert seldom.notes == ("1 cell null counts as without a label",)
    assert read_label_cells(["nan", "a", "b"] * 9, missing=("nan",)).labels[:2] == [None, "a"]


def test_columns_of_0_and_1_are_labels_by_their_names() -> None:
    several = join_columns({"toxic": ["0", "1", ""], "insult": ["1", "1", ""]})
    assert several.labels == [["insult"], ["toxic", "insult"], None]
    assert join_columns({"a": [1, 0], "b": [0, 1]}).labels == ["a", "b"]
    assert join_columns({"label_1": ["x", "y"], "label_2": ["z", ""]}).labels == [["x", "z"], ["y"]]


def test_signs_for_no_label_are_told_and_a_minus_beside_a_plus_is_a_class() -> None:
    rare = read_label_cells(["a", "b"] * 100 + ["-"])
    assert (rare.labels[-1], rare.notes) == (None, ("1 cell - counts as without a label",))
    assert any("? are read as names of classes" in one for one in read_label_cells(["a", "b", "?"] * 9).warnings)
    assert read_label_cells(["+", "-"] * 9).warnings == ()


def test_labels_between_blanks_are_told_with_the_flag_that_cuts_them() -> None:
    found = read_label_cells(["billing urgent", "billing", "urgent", "login", "login urgent"])
    assert found.labels[0] == "billing urgent"
    assert "--label-separator space" in found.warnings[0]
    assert read_label_cells(["credit card", "credit score", "loan"] * 5).warnings == ()
