"""How far numbers are from the right ones, and how often their intervals hold them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from haoqi.data.examples import Examples
from haoqi.evaluate.predictions import Predictions

MOST_POINTS = 400
"""Examples that are kept for a plot of answers against right numbers."""


@dataclass(frozen=True)
class Errors:
    """The errors of n numbers."""

    mean: float
    """Mean of answer less right number: above 0 where answers are too high."""
    median: float
    """Median distance."""
    largest: float
    """Largest distance."""
    spread: float
    """Standard deviation of the right numbers: what the mean of all numbers as every answer would err by."""
    held: float | None = None
    """Share of the right numbers that lie in their answer's interval; None: answers have none."""
    points: tuple[tuple[float, float], ...] = ()
    """(right number, answer) of some examples, by right number."""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Errors":
        """Return what JSON made plain."""
        return cls(**{**plain, "points": tuple((float(one), float(other)) for one, other in plain["points"])})


def errors(examples: Examples, predictions: Predictions) -> Errors | None:
    """Return how far these answers are off; None where there are none.

    Args:
        examples: labelled with numbers.
        predictions: numbers, in the same order.
    """
    true, given = (np.asarray(side, dtype=np.float64) for side in (examples.labels, predictions.labels))
    if not len(true):
        return None
    off = given - true
    held = None
    if predictions.intervals is not None:
        low, high = predictions.intervals.T
        held = float(np.mean((low <= true) & (true <= high)))
    order = np.argsort(true, kind="stable")
    some = order[np.linspace(0, len(order) - 1, min(len(order), MOST_POINTS)).astype(int)]
    distances = np.abs(off)
    return Errors(
        mean=float(off.mean()),
        median=float(np.median(distances)),
        largest=float(distances.max()),
        spread=float(true.std()),
        held=held,
        points=tuple((float(true[row]), round(float(given[row]), 6)) for row in some),
    )
