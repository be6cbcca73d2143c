"""Labels with unusual signs between them, and lists that are bare in brackets."""

import pytest

from haoqi.data.reading.tables.label_cells import read_label_cells


def test_signs_that_stand_in_names_too_cut_where_there_are_more_combinations_than_names() -> None:
    cells = [
        "good#urgent",
        "bad#urgent",
        "good#repeat",
        "bad#repeat",
        "good#mobile",
        "bad#mobile",
        "good#mobile#urgent",
    ]
    cells += ["bad#mobile#urgent", "good", "bad", "good#repeat#urgent"]
    read = read_label_cells(cells * 2)
    assert read.separator == "#"
    assert read.labels[0] == ["good", "urgent"]


def test_names_that_hold_such_signs_are_one_label() -> None:
    cells = ["Toys & Games", "Sci/Tech", "R&B", "World"] * 5
    assert read_label_cells(cells).labels == cells


def test_a_doubt_about_what_cuts_labels_is_a_warning_that_names_the_flag() -> None:
    cells = ["a; b", "b; c", "c; d", "e; f"] * 5
    read = read_label_cells(cells)
    assert read.labels == cells
    assert any("--label-separator" in warning for warning in read.warnings)


def test_names_of_several_words_stay_whole_in_brackets_with_commas() -> None:
    read = read_label_cells(["[late delivery, login]", "[late delivery]", "[login]", "[login, praise]"] * 5)
    assert read.labels[:2] == [["late delivery", "login"], ["late delivery"]]


def test_blanks_cut_bare_lists_where_no_cell_has_commas() -> None:
    assert read_label_cells(["[1 2]", "[2]", "[1]"] * 5).labels[:2] == [["1", "2"], ["2"]]


def test_cells_of_all_types_are_read_as_before_they_were_judged_by_their_spelling() -> None:
    assert read_label_cells(["a ", None, "", "null", *["b"] * 60, "a"]).labels[:4] == ["a", None, None, None]
    assert read_label_cells([True, False, None]).labels == ["true", "false", None]
    assert read_label_cells([1, 1.0, "1", "1.0", float("nan")]).labels == ["1", "1", "1", "1", None]


@pytest.mark.parametrize("gap", ["n/a", "NA", "none", "-", "unknown", "未知"])
def test_among_numbers_a_word_for_nothing_is_a_gap_however_often_it_stands(gap: str) -> None:
    read = read_label_cells([*(f"{row / 4}" for row in range(40)), *[gap] * 20])
    assert read.labels[40:] == [None] * 20
    assert read.warnings == ()


def test_among_classes_such_a_word_may_be_a_class() -> None:
    for classes in (["none", "mild", "strong"], ["1", "2", "n/a"]):
        assert set(read_label_cells(classes * 10).labels) == set(classes)


def test_a_comma_within_numbers_cuts_no_labels() -> None:
    decimal = read_label_cells(["3,50", "4", "2,75", "3,05", "1,25", "-0,5", "12,5"] * 4)
    assert decimal.labels[:7] == ["3.50", "4", "2.75", "3.05", "1.25", "-0.5", "12.5"]
    assert decimal.notes == ("the comma within numbers is read as the decimal point",)
    thousands = ["1,000", "2,500", "12,000", "900", "1,500", "2,000", "1,050"] * 4
    assert read_label_cells(thousands).labels == thousands


def test_numbers_of_classes_are_cut_at_their_commas() -> None:
    read = read_label_cells(["1,3", "2", "3,4", "1,2", "4", "2,3", "1", "3", "2,4"] * 4)
    assert read.labels[:2] == [["1", "3"], ["2"]]
