import csv
import io
import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.batch import answer_rows as rows_file
from haoqi.batch.answer_rows import Feed, Style, Window, added, ahead, check_kind, fitting, plain_label
from haoqi.core.errors import UserError
from haoqi.data.examples import Span
from haoqi.models.model import Answer


def text_of(row: dict[str, Any]) -> str:
    return str(row.get("text") or "")


def windows(rows: Iterable[tuple[dict[str, Any], int]]) -> Iterator[Window]:
    return Feed(rows, text_of).windows()


def made(count: int, length: int = 10) -> Iterator[tuple[dict[str, Any], int]]:
    for number in range(count):
        yield {"id": number, "text": "x" * length}, number + 1


def test_added_columns_never_take_a_name_that_is_there() -> None:
    taken = ["label", "predicted_label", "confidence"]
    assert added(taken) == ("predicted_label_2", "predicted_confidence")


def test_labels_are_plain_and_spans_keep_their_text() -> None:
    span = Span(0, 5, "person")
    assert plain_label(Answer("a", 0.5), "text") == "a"
    assert plain_label(Answer(("a", "b"), 0.5), "text") == ["a", "b"]
    assert plain_label(Answer((), 0.5), "text") == []
    found = plain_label(Answer((span,), 0.5, spans=((span, 0.25),)), "Peter flew")
    assert found == [{"start": 0, "end": 5, "label": "person", "text": "Peter", "confidence": 0.25}]


def test_a_table_and_records_hold_the_same() -> None:
    row = {"text": 'a "b",\nc', "label": ["x", "y"], "confidence": 0.5}
    styles = [Style.of(kind, ["text"]) for kind in (".csv", ".tsv", ".jsonl")]
    found = {style.kind: style.heading + style.spell([row]) for style in styles}
    assert list(csv.DictReader(io.StringIO(found[".csv"]))) == [
        {"text": 'a "b",\nc', "label": "x;y", "confidence": "0.5"}
    ]
    assert len(list(csv.reader(io.StringIO(found[".tsv"]), delimiter="\t"))) == 2
    assert json.loads(found[".jsonl"]) == row


def test_an_unknown_ending_names_the_known_ones() -> None:
    with pytest.raises(UserError) as caught:
        check_kind(".doc")
    assert ".jsonl" in caught.value.hint


def test_windows_grow_and_hold_every_row_once_in_order() -> None:
    found = list(windows(made(50_000, 1)))
    assert [row["id"] for window in found for row in window.rows] == list(range(50_000))
    sizes = [len(window.rows) for window in found]
    assert sizes[:5] == [256, 256, 512, 1024, 2048]
    assert max(sizes) == rows_file.MOST_ROWS
    assert [window.consumed for window in found] == [sum(sizes[: place + 1]) for place in range(len(sizes))]


def test_no_window_holds_more_than_a_bounded_text_however_long_rows_are() -> None:
    longest = 300_000
    found = list(windows(made(40, longest)))
    assert sum(len(window.rows) for window in found) == 40
    for window in found:
        assert sum(map(len, window.texts)) < rows_file.MOST_BYTES + longest
    # What is not answered is held too.
    wide = (({"text": "a", "body": "y" * longest}, number) for number in range(40))
    assert max(len(window.rows) for window in windows(wide)) == 1 + rows_file.MOST_BYTES // longest


@pytest.mark.parametrize("letter", ["x", "\u597d", "\ud83d"])
def test_what_is_answered_together_is_bounded_in_bytes_of_text_whatever_else_a_row_holds(letter: str) -> None:
    size = len(letter.encode("utf-8", "surrogatepass"))
    given = [({"text": letter * 90, "other": "y" * 500}, number) for number in range(3_000)]
    found = [len(window.rows) for window in Feed(given, text_of, 9_000).windows()]
    assert sum(found) == 3_000
    assert max(found) == 100 // size + (100 % size > 0)


def test_a_heavier_model_answers_less_text_together(tmp_path: Path) -> None:
    def weighing(size: int) -> int:
        path = tmp_path / "predictor" / "base" / "model.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)  # takes no room on the disk
        return fitting(tmp_path)

    assert fitting(tmp_path) == weighing(1_000) == weighing(rows_file.LIGHT) == rows_file.MOST_TEXT
    assert weighing(4 * rows_file.LIGHT) == rows_file.MOST_TEXT // 4
    assert weighing(10**12) == rows_file.LEAST_TEXT


def test_no_more_is_read_than_a_window() -> None:
    read = []

    def rows() -> Iterator[tuple[dict[str, Any], int]]:
        for row, seen in made(100_000):
            read.append(seen)
            yield row, seen

    next(windows(rows()))
    assert len(read) == rows_file.FIRST_ROWS


@given(st.lists(st.integers(0, 40), min_size=1, max_size=200), st.data())
def test_windows_taken_up_after_any_of_them_are_cut_as_they_would_have_been(
    lengths: list[int], data: st.DataObject
) -> None:
    given = [({"text": "x" * length}, place) for place, length in enumerate(lengths)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_file, "FIRST_ROWS", 4)
        patch.setattr(rows_file, "MOST_ROWS", 16)
        patch.setattr(rows_file, "MOST_BYTES", 200)
        whole = list(windows(given))
        stop = data.draw(st.integers(0, len(whole)))
        feed = Feed(given, text_of)
        mark = feed.skip(sum(len(window.rows) for window in whole[:stop]))
        assert mark == (whole[stop - 1].mark if stop else Feed([], text_of).skip(0))
        assert whole[:stop] + list(feed.windows()) == whole
        assert [row for window in whole for row in window.rows] == [row for row, _ in given]


def test_one_item_is_made_ahead_and_no_more() -> None:
    made_by, here = [], threading.get_ident()

    def items() -> Iterator[int]:
        for number in range(5):
            made_by.append(threading.get_ident())
            yield number

    found = ahead(items())
    assert next(found) == 0
    assert [0, *found] == list(range(5))
    assert len(made_by) == 5
    assert here not in made_by

    drawn: list[int] = []
    waiting = ahead(drawn.append(number) or number for number in range(5))  # type: ignore[func-returns-value]
    next(waiting)
    waiting.close()
    assert drawn in ([0], [0, 1])


def test_what_goes_wrong_ahead_is_said_where_it_would_have_been() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise UserError("line 2 cannot be read")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(UserError, match="line 2"):
        next(found)


def test_a_digest_is_of_rows_and_not_of_how_they_are_written() -> None:
    one = [({"id": "1", "text": "a"}, 10), ({"id": "2", "text": "b"}, 20)]
    other = [({"id": "1", "text": "a"}, 12), ({"id": "2", "text": "c"}, 25)]
    assert Feed(one, text_of).skip(1) == Feed(other, text_of).skip(1)
    assert Feed(one, text_of).skip(2) != Feed(other, text_of).skip(2)
    assert Feed(one, text_of).skip(3) == Feed(one, text_of).skip(2)
    assert Feed([({"id": "1", "text": "\ud83d"}, 1)], text_of).skip(1) != Feed(one, text_of).skip(1)
