"""How fast a training goes, measured beforehand on steps that are not counted."""

import time
from collections.abc import Callable
from typing import Any


def pace(train: Callable[[int], Any], probed: int) -> tuple[float, float]:
    """Return the seconds of all but the steps, and those of one step; the first training of a process is forgotten.

    Args:
        train: trains for so many steps.
        probed: steps by which the second measurement is longer than the first.
    """
    train(1)
    took = []
    for steps in (1, 1 + probed):
        begun = time.perf_counter()
        train(steps)
        took.append(time.perf_counter() - begun)
    a_step = max(1e-3, (took[1] - took[0]) / probed)
    return max(0.0, took[0] - a_step), a_step
