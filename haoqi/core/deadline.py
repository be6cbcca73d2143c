"""A deadline that is kept inside fits: whoever reports how far it has come is told there that time is over."""

import time
from collections.abc import Callable

from haoqi.core.events import Advanced, Event, Listen, silent

Now = Callable[[], float]


class OutOfTimeError(RuntimeError):
    """The time that something may take is over; nothing came of it."""


def until(deadline: float | None, listen: Listen = silent, now: Now = time.perf_counter) -> Listen:
    """Return a listener that raises where work reports how far it has come after a deadline.

    Args:
        deadline: by the clock `now`; None: there is none.
        listen: is told of everything before.
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
