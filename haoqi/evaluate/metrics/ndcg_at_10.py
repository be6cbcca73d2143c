"""NDCG at 10: how near the first ten items are to the best order (Järvelin and Kekäläinen, 2002).

An item's gain is its grade, as trec_eval has it, and its discount the logarithm of its place:
doi:10.1145/582415.582418.
"""

import numpy as np

from haoqi.evaluate.metric import Metric
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.ranks import Tied, by_query, gain_within, mean_of_queries

_DISCOUNTS = 1 / np.log2(np.arange(2, 12))


@metrics.register
def ndcg_at_10() -> Metric:
    """Return the discounted gain of a query's first ten items as a share of the best that there can be, on average."""
    return Metric("ndcg_at_10", by_query(_of_query), mean_of_queries)


def _of_query(tied: list[Tied]) -> float:
    grades = np.sort(np.concatenate([one.grades for one in tied]))[::-1][: len(_DISCOUNTS)]
    return gain_within(tied, _DISCOUNTS) / float(grades @ _DISCOUNTS[: len(grades)])
