"""A deadline that is kept inside fits: a report of progress raises once the time is over."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from haoqi.core.events import Advanced, Event, Listen, silent

Now = Callable[[], float]


class OutOfTimeError(RuntimeError):
    """The time that something may take is over; nothing came of it."""


def until(deadline: float | None, listen: Listen = silent, now: Now = time.perf_counter) -> Listen:
    """Return a listener that raises where work reports how far it has come after a deadline.

    Args:
        deadline: by the clock `now`; None: there is none.
        listen: receives every event before.
        now: the clock.
    """
    if deadline is None:
        return listen

    def hear(event: Event) -> None:
        if isinstance(event, Advanced) and now() > deadline:
            raise OutOfTimeError("its time was over")
        listen(event)

    return hear


def after(seconds: float | None, now: Now = time.perf_counter) -> float | None:
    """Return the deadline that lies so many seconds ahead; None for None."""
    return None if seconds is None else now() + seconds


@contextmanager
def ended_after(seconds: float | None) -> Iterator[None]:
    """End the block with an `OutOfTimeError` once so many seconds have passed, wherever it is; None: never.

    For work that says nothing of how far it has come. It takes an alarm of the system, which a main thread on Unix
    has; elsewhere the block is not ended. What is computed outside Python is waited for.
    """
    able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not able:
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise OutOfTimeError("its time was over")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, seconds))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
