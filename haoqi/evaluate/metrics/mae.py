"""Mean absolute error: how far answers are off on average, in the unit of the numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.metric import Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.numbers import both, mean, table


@metrics.register
def mae() -> Metric:
    """Return the mean distance of answers from the right numbers: lower is better, 0 is perfect."""
    return Metric("mae", by_answers(_count), mean, greater_is_better=False, most=float("inf"), right_or_wrong=False)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    right, given = both(true, predicted)
    return table(np.abs(given - right), np.ones(len(right)))
