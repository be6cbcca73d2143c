"""How fast to learn, when: a function of the share of the training that is behind."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from haoqi.train.schedules import SCHEDULES


def rate(share: float, warmup: float, schedule: str) -> float:
    """Return the step size at a share of the training, as a part of the largest.

    >>> [rate(share, 0.5, "linear") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if share < warmup:
        return share / warmup
    return SCHEDULES[schedule](share, warmup)


@dataclass
class Clock:
    """Time spent on one training, interruptions left out, against the time it may take."""

    limit_seconds: float | None
    """Counted from the start of this process' part of the training; None: no limit."""
    spent_seconds: float = 0.0
    """By processes before this one."""
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._begun = self.now()

    def elapsed(self) -> float:
        """Return the seconds spent, those before a resumption counted."""
        return self.spent_seconds + self.now() - self._begun

    def share(self, reserved_seconds: float) -> float:
        """Return the share of the time that is behind; 0 where there is no limit.

        Args:
            reserved_seconds: needed after the last step.
        """
        if self.limit_seconds is None:
            return 0.0
        whole = self.spent_seconds + self.limit_seconds - reserved_seconds
        return self.elapsed() / whole if whole > 0 else 1.0
