"""Root mean squared error: how far answers are off, large errors counting more; in the unit of the numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.metric import Array, Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.numbers import both, mean, table


@metrics.register
def rmse() -> Metric:
    """Return the root of the mean squared error: lower is better, 0 is perfect."""
    return Metric("rmse", by_answers(_count), _score, greater_is_better=False, most=float("inf"), right_or_wrong=False)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    right, given = both(true, predicted)
    return table((given - right) ** 2, np.ones(len(right)))


def _score(totals: Array) -> Array:
    found: Array = np.sqrt(np.maximum(mean(totals), 0.0))
    return found
