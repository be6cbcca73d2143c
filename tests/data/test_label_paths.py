"""Labels as paths: what cuts them, and how a table with a tree of labels is read."""

import pytest

from haoqi.data.label_paths import levels_of, separator_of, spell_path, tree_separator
from haoqi.data.reading.conform import spell_like
from haoqi.data.reading.tables.label_cells import join_columns, read_label_cells


def test_the_clearest_separator_of_most_labels_cuts() -> None:
    labels = ["Home > Pots/Pans", "Home > Knives", "Garden/Yard"]
    assert separator_of(labels) == ">"
    assert levels_of("Garden/Yard", ">") == ("Garden/Yard",)
    assert separator_of(["a::b", "a > b::c"]) == "::"


@pytest.mark.parametrize(
    "labels",
    [
        ["km/h", "m/s", "n/a"],
        ["1/2", "1/4", "3/4", "3/8"],
        ["TV/Video", "Audio/Radio", "CD/DVD", "Photo/Film"],
        ["a/b", "a/c", "b/c", "b/d"],
        ["en", "de", "fr/ca", "fr/ch", "it", "es"],
    ],
)
def test_a_slash_by_chance_makes_no_tree(labels: list[str]) -> None:
    assert tree_separator(labels) is None


def test_a_column_of_paths_is_not_cut_into_several_labels() -> None:
    cells = ["a/x", "a/y", "b/z", "b/w", "a", "b"] * 3
    found = read_label_cells(cells)
    assert found.labels == cells
    assert found.separator == "none"
    assert not found.warnings


def test_lists_that_are_paths_keep_their_order() -> None:
    cells = [["sport", "ball"], ["sport", "athletics"], ["news", "local"], ["news", "foreign"]]
    assert read_label_cells(cells).labels == cells
    assert join_columns(dict(zip("ab", zip(*cells, strict=True), strict=True))).labels == cells


def test_another_file_may_write_its_paths_otherwise() -> None:
    known = ["Sports > Football", "Sports > Tennis"]
    found = spell_like(["Sports>Football", ["Sports", "Tennis"], "Sports > Chess"], known)
    assert found.labels == [*known, "Sports > Chess"]
    assert found.unknown == {"Sports > Chess": 1}
    assert spell_path("体育／足球") == "体育/足球"
