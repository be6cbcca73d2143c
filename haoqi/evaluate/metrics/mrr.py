"""Mean reciprocal rank: one over the place of the first relevant item (Voorhees, 1999, TREC-8 question answering)."""

from haoqi.evaluate.metric import Metric
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.ranks import Tied, by_query, mean_of_queries


@metrics.register
def mrr() -> Metric:
    """Return one over the place of a query's first relevant item, on average; an item is relevant above 0."""
    return Metric("mrr", by_query(_of_query), mean_of_queries)


def _of_query(tied: list[Tied]) -> float:
    """Return the mean over all orders of the first items that have the same score and one relevant among them."""
    before, grades = next(one for one in tied if (one.grades > 0).any())
    count, relevant = len(grades), int((grades > 0).sum())
    found, none_before = 0.0, 1.0
    for place in range(count - relevant + 1):
        first = relevant / (count - place)  # the chance that it stands here, if none stood before
        found += none_before * first / (before + place + 1)
        none_before *= 1 - first
    return found
