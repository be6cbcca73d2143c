"""A stop signal is heeded where work reports how far it has come, and nowhere else."""

import threading

import pytest

from haoqi.core.events import Advanced, Event, Note
from haoqi.core.stop import Stop, StopRequested


def test_work_ends_where_it_reports_after_the_request() -> None:
    heard, stop = list[Event](), Stop()
    hear = stop.heard_by(heard.append)
    hear(Advanced(0.1))
    stop.request()
    hear(Note("still told"))
    with pytest.raises(StopRequested):
        hear(Advanced(0.2))
    assert heard == [Advanced(0.1), Note("still told")]


def test_it_may_be_requested_from_another_thread_and_stays_requested() -> None:
    stop = Stop()
    stop.check()
    thread = threading.Thread(target=stop.request)
    thread.start()
    thread.join()
    assert stop.requested
    for _ in range(2):
        with pytest.raises(StopRequested):
            stop.check()


def test_whoever_ends_in_order_on_ctrl_c_does_so_here_and_whoever_catches_errors_does_not() -> None:
    assert issubclass(StopRequested, KeyboardInterrupt)
    assert not issubclass(StopRequested, Exception)
