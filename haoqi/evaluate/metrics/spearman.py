"""Spearman's correlation of ranks (Spearman, 1904, doi:10.2307/1412159): whether answers stand in the right order."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.metric import Array, Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.numbers import both, table


@metrics.register
def spearman() -> Metric:
    """Return the correlation of ranks, in [-1, 1]; ranks are of all examples, so that it does not add up."""
    return Metric(
        "spearman", by_answers(_count), _unknown, least=-1.0, right_or_wrong=False, score_rows=rank_correlation
    )


def rank_correlation(rows: Array) -> float:
    """Return Spearman's correlation of two columns, equal values sharing their mean rank; 0 where either never changes.

    >>> rank_correlation(np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0]]))
    0.5
    """
    from scipy.stats import rankdata

    if len(rows) < 2 or (rows == rows[0]).all(axis=0).any():
        return 0.0
    right, given = (rankdata(column) for column in rows.T)
    return round(float(np.corrcoef(right, given)[0, 1]), 12)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    return table(*both(true, predicted))


def _unknown(totals: Array) -> Array:
    raise ValueError("a correlation of ranks is no function of sums")
