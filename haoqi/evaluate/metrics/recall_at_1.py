"""Recall at 1: the share of a query's relevant items among the first item (Kent et al., 1955)."""

import numpy as np

from haoqi.evaluate.metric import Metric
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.ranks import Tied, by_query, gain_within, mean_of_queries


@metrics.register
def recall_at_1() -> Metric:
    """Return the share of a query's relevant items that are among the first item, on average over queries."""
    return Metric("recall_at_1", by_query(_of_query), mean_of_queries)


def _of_query(tied: list[Tied]) -> float:
    relevant = [one._replace(grades=(one.grades > 0).astype(np.float64)) for one in tied]
    return gain_within(relevant, np.ones(1)) / sum(float(one.grades.sum()) for one in relevant)
