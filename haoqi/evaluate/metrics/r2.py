"""R²: the share of the spread of the right numbers that answers explain (Wright, 1921)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.counts import NOTHING
from haoqi.evaluate.metric import Array, Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.numbers import both, table


@metrics.register
def r2() -> Metric:
    """Return the coefficient of determination: 1 is perfect, 0 is the mean as every answer, below 0 is worse."""
    return Metric("r2", by_answers(_count), _score, least=float("-inf"), right_or_wrong=False)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    right, given = both(true, predicted)
    return table(np.ones(len(right)), right, right**2, (given - right) ** 2)


def _score(totals: Array) -> Array:
    count, right, square, off = np.moveaxis(totals, -1, 0)
    spread = square - right**2 / np.maximum(count, NOTHING)
    known = spread > NOTHING * np.maximum(square, 1.0)
    found: Array = np.where(known, 1.0 - off / np.where(known, spread, 1.0), 0.0)
    return found
