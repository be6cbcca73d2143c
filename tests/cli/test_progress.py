import io
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.cli import progress
from haoqi.cli.progress import Pace, drawn, line, shown


def test_nothing_is_claimed_before_something_is_written() -> None:
    pace = Pace(total=1000, begun=5.0)
    assert (pace.done, pace.rate, pace.left(9.0)) == (0.0, None, None)
    assert pace.describe(9.0) == "0 rows"


def test_the_share_is_of_what_is_written_and_not_of_what_is_computed() -> None:
    pace = Pace(total=1000, begun=0.0)
    pace.computing(consumed=500, share=1.0)
    assert pace.done == 0.0
    pace.wrote(20, consumed=500, now=10.0)
    assert pace.done == 0.5


def test_rate_and_time_left_are_those_of_this_process() -> None:
    pace = Pace(total=1000, begun=100.0, start=400, consumed=400)
    assert pace.done == 0.4
    pace.wrote(50, consumed=600, now=110.0)
    assert pace.rate == 5.0  # rows a second, those of the first process left out
    assert pace.left(110.0) == 20.0  # 400 more at 20 a second
    assert pace.describe(110.0) == "50 rows, 5.0/s, 0:20 left"


def test_what_is_being_computed_counts_for_the_time_left() -> None:
    pace = Pace(total=1000, begun=0.0)
    pace.wrote(10, consumed=200, now=10.0)
    pace.computing(consumed=600, share=0.5)
    assert pace.left(20.0) == 30.0  # 400 in 20 seconds, and 600 to come
    assert pace.done == 0.2


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 90), st.floats(0.01, 9)), min_size=1, max_size=20))
def test_the_share_only_grows_and_ends_at_the_whole(steps: list[tuple[int, int, float]]) -> None:
    pace, seen, now = Pace(total=sum(read for _, read, _ in steps), begun=0.0), 0, 0.0
    shares = [pace.done]
    for rows, read, seconds in steps:
        seen, now = seen + read, now + seconds
        pace.computing(seen, 1.0)
        pace.wrote(rows, seen, now)
        shares.append(pace.done)
        left = pace.left(now)
        assert left is not None
        assert left >= 0
    assert shares == sorted(shares)
    assert (pace.done, pace.left(now)) == (1.0, 0.0)
    assert pace.rows == sum(rows for rows, _, _ in steps)


def test_a_hundred_percent_is_said_of_the_whole_alone() -> None:
    from rich.console import Console

    def shown(consumed: int) -> str:
        pace = Pace(total=1000, begun=0.0)
        pace.wrote(10, consumed=consumed, now=1.0)
        console = Console(file=io.StringIO(), width=100)
        console.print(drawn("in[1].csv", pace, 1.0))
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    assert "99 %" in shown(999)
    assert "100 %" in shown(1000)
    assert "in[1].csv" in shown(1000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with shown("in.csv", Pace(total=10, begun=0.0)):
        pass
    assert isinstance(sys.stderr, Terminal)
    assert "in.csv" in sys.stderr.getvalue()


def test_a_line_for_a_log_says_the_share_the_rows_the_rate_and_the_time_left() -> None:
    pace = Pace(total=1000, begun=0.0)
    assert line("in.csv", pace, 1.0) == "in.csv: 0 %, 0 rows"
    pace.wrote(200, consumed=250, now=10.0)
    assert line("in.csv", pace, 10.0) == "in.csv: 25 %, 200 rows, 20/s, 0:30 left"


class Log(io.StringIO):
    """An error output that is no terminal, and opens a gate at its third line."""

    def __init__(self) -> None:
        super().__init__()
        self.third = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.getvalue().count("\n") >= 3:
            self.third.set()
        return written


def test_off_a_terminal_lines_come_until_the_block_ends_and_none_in_a_short_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = Log()
    monkeypatch.setattr(sys, "stderr", log)
    pace = Pace(total=10, begun=time.monotonic())
    with shown("in.csv", pace):
        pace.wrote(1, consumed=10, now=time.monotonic())
    assert log.getvalue() == ""

    monkeypatch.setattr(progress, "FIRST_LINE", 0.0)
    monkeypatch.setattr(progress, "LINES", 0.0)
    with shown("in.csv", pace):
        assert log.third.wait(60)
    ended = log.getvalue()
    assert all(one.startswith("in.csv: 100 %, 1 row") for one in ended.splitlines())
    assert [one.name for one in threading.enumerate() if one.name == progress.THREAD] == []


def test_nothing_goes_on_telling_after_a_block_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Log())
    with pytest.raises(KeyboardInterrupt), shown("in.csv", Pace(total=10, begun=0.0)):
        raise KeyboardInterrupt
    assert [one.name for one in threading.enumerate() if one.name == progress.THREAD] == []
