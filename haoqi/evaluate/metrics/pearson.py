"""Pearson's correlation of answers and right numbers (Pearson, 1895, doi:10.1098/rspl.1895.0041)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.counts import NOTHING
from haoqi.evaluate.metric import Array, Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.numbers import both, table


@metrics.register
def pearson() -> Metric:
    """Return how nearly answers are a rising line of the right numbers, in [-1, 1]; 0 where either never changes."""
    return Metric("pearson", by_answers(_count), _score, least=-1.0, right_or_wrong=False)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    right, given = both(true, predicted)
    return table(np.ones(len(right)), right, given, right**2, given**2, right * given)


def _score(totals: Array) -> Array:
    count, right, given, right_square, given_square, product = np.moveaxis(totals, -1, 0)
    size = np.maximum(count, NOTHING)
    shared = product - right * given / size
    one = right_square - right**2 / size
    other = given_square - given**2 / size
    known = (one > NOTHING * np.maximum(right_square, 1.0)) & (other > NOTHING * np.maximum(given_square, 1.0))
    found: Array = np.where(known, shared / np.sqrt(np.where(known, one * other, 1.0)), 0.0)
    return np.clip(found, -1.0, 1.0)
