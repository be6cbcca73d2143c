"""Labels with unusual signs between them, and lists that are bare in brackets."""

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
