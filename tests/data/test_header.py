"""The row that names the columns is found by what stands below it, the same for learning and for predicting."""

from typing import Any

import pytest

from haoqi.data.reading.tables.header import find_header

TEXTS = [f"the lid of my kettle came late on day {number}, again" for number in range(30)]


def rows(*first: list[Any], body: list[list[Any]]) -> list[list[Any]]:
    return [*first, *body]


BODY = [
    [f"2024/03/{1 + n % 28:02d} 9:00:00 AM", text, ("defect", "login", "praise")[n % 3]] for n, text in enumerate(TEXTS)
]
NAMELESS = [[str(1 + n % 4), f"The {('Lid', 'Lawn', 'Hedge')[n % 3]}", text] for n, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    "names",
    [
        ["Timestamp", "What happened with your order, in your own words?", "Which team should look at it?"],
        ["Sr No.", "Utterance", "Mood"],
        ["date", "tweet#", "spam?"],
        ["", "text", "class"],
    ],
)
def test_questions_signs_and_gaps_are_names(names: list[str]) -> None:
    found = find_header(rows(names, body=BODY))
    assert found.row == 0
    assert found.names == [name or "column 1" for name in names]


@pytest.mark.parametrize("first", ["1", "2", "3"])
def test_a_row_of_data_whose_class_is_a_number_is_no_header(first: str) -> None:
    found = find_header(rows([first, "The Pedal", "the pedal of my bicycle came late"], body=NAMELESS))
    assert (found.names, found.row) == (["1", "2", "3"], -1)


def test_titles_above_the_names_are_left_out() -> None:
    found = find_header(rows(["Tickets of the second quarter", None, None], ["when", "message", "queue"], body=BODY))
    assert (found.names, found.row) == (["when", "message", "queue"], 1)


def test_texts_alone_have_a_name_only_where_it_is_a_word() -> None:
    assert find_header([["tweet_text"], *([text] for text in TEXTS)]).names == ["tweet_text"]
    assert find_header([["I love this comment"], *([text] for text in TEXTS)]).row == -1


def test_what_is_said_is_taken() -> None:
    assert find_header(rows(["a", "b", "c"], body=BODY), said=0).names == ["1", "2", "3"]
    assert find_header(NAMELESS, said=1).names == NAMELESS[0]
    assert find_header([]).names == []


@pytest.mark.parametrize("names", [["v1", "v2"], ["l1", "text"], ["tag", "question1"], ["f0", "body"]])
def test_names_that_are_counted_are_names(names: list[str]) -> None:
    body = [[("ham", "spam")[row % 2], f"call me at {row} before the match ends"] for row in range(40)]
    assert find_header([names, *body]).names == names


def test_identifiers_over_identifiers_are_data() -> None:
    body = [[f"c{row}", f"call me at {row} before the match ends"] for row in range(40)]
    assert find_header([["c77", "you may call me back"], *body]).row == -1


@pytest.mark.parametrize("names", [["0", "1"], ["", "0", "1"]])
def test_numbers_from_zero_on_over_texts_are_names_that_a_data_frame_wrote(names: list[str]) -> None:
    body = [[*map(str, [row] * (len(names) - 2)), f"the lamp {row} broke", "late"] for row in range(30)]
    assert find_header([names, *body]).row == 0
    assert find_header([["0", "1"], *[[str(row), str(row % 2)] for row in range(30)]]).row == -1
