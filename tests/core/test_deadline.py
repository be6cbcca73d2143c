"""A deadline is kept where work says how far it has come, and nowhere else."""

import signal

import pytest

from haoqi.core.deadline import OutOfTimeError, after, ended_after, until
from haoqi.core.events import Advanced, Event, Note


def test_work_is_stopped_where_it_reports_after_the_deadline() -> None:
    heard, clock = list[Event](), [0.0]
    hear = until(after(5.0, lambda: clock[0]), heard.append, lambda: clock[0])
    hear(Advanced(0.1))
    clock[0] = 6.0
    hear(Note("still told"))
    with pytest.raises(OutOfTimeError):
        hear(Advanced(0.2))
    assert heard == [Advanced(0.1), Note("still told")]


def test_without_a_deadline_everything_is_heard() -> None:
    heard = list[Event]()
    assert after(None) is None
    until(None, heard.append)(Advanced(0.5))
    assert heard == [Advanced(0.5)]


def test_work_that_says_nothing_is_ended_by_an_alarm_and_no_other() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(OutOfTimeError), ended_after(0.01):
        while True:
            pass
    with ended_after(1000.0):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0
    with ended_after(None):
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0
