import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from haoqi.batch import writer as writer_file
from haoqi.batch.answer_rows import Style, Window
from haoqi.batch.writer import Writer
from haoqi.data.reading.row_stream import Row

Written = list[tuple[str, int, str]]
Make = Callable[..., Writer]


@pytest.fixture
def written() -> Written:
    """What was written: the text, the number of rows and the mark of the last window."""
    return []


@pytest.fixture
def make(written: Written) -> Iterator[Make]:
    """Return a function that makes a writer into `written`, whose write after so many windows fails."""
    with ThreadPoolExecutor(1) as thread:

        def make(most: int = 1_000, fails_after: int = 1_000) -> Writer:
            def write(text: str, rows: list[Row], last: Window) -> None:
                if len(written) >= fails_after:
                    raise OSError("no space is left")
                written.append((text, len(rows), last.mark))

            return Writer(thread, Style.of(".jsonl", ()), write, most)

        yield make


def window(number: int, rows: int = 2) -> Window:
    return Window([{"id": number} for _ in range(rows)], ["x"] * rows, number, str(number))


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_file, "EVERY", float("inf"))


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_file, "EVERY", 0.0)


@pytest.mark.usefixtures("always")
def test_windows_are_written_one_by_one_in_their_order_where_there_is_time(make: Make, written: Written) -> None:
    writer = make()
    for number in range(20):
        writer.add(window(number))
    writer.end()
    assert written == [(f'{{"id": {number}}}\n' * 2, 2, str(number)) for number in range(20)]


@pytest.mark.usefixtures("seldom")
def test_windows_of_one_moment_are_written_together_with_the_mark_of_the_last(make: Make, written: Written) -> None:
    writer = make()
    for number in range(3):
        writer.add(window(number, 1))
    assert written == []
    writer.end()
    assert written == [('{"id": 0}\n{"id": 1}\n{"id": 2}\n', 3, "2")]
    writer.end()
    assert len(written) == 1


@pytest.mark.usefixtures("seldom")
def test_no_more_rows_wait_than_they_may(make: Make, written: Written) -> None:
    writer = make(most=5)
    for number in range(5):
        writer.add(window(number))
    writer.end()
    assert [(rows, mark) for _, rows, mark in written] == [(6, "2"), (4, "4")]


@pytest.mark.usefixtures("always")
def test_nothing_is_written_behind_what_could_not_be_written(make: Make, written: Written) -> None:
    writer = make(fails_after=1)
    writer.add(window(0))
    writer.add(window(1))
    with pytest.raises(OSError, match="no space"):
        writer.add(window(2))
    with pytest.raises(OSError, match="no space"):
        writer.end()
    assert [mark for _, _, mark in written] == ["0"]


@pytest.mark.usefixtures("always")
def test_the_next_window_is_taken_while_one_is_written(written: Written) -> None:
    free = threading.Event()

    def write(text: str, rows: list[Row], last: Window) -> None:
        assert free.wait(60)
        written.append((text, len(rows), last.mark))

    with ThreadPoolExecutor(1) as thread:
        writer = Writer(thread, Style.of(".jsonl", ()), write, 1_000)
        writer.add(window(0))  # returns although nothing can be written yet
        assert written == []
        free.set()
        writer.add(window(1))
        writer.end()
    assert [mark for _, _, mark in written] == ["0", "1"]
