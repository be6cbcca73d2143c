"""Weighted F1: the labels' F1, weighted by how often each is true."""

from haoqi.evaluate.counts import counts_by_label, f1_by_label, ratio
from haoqi.evaluate.metric import Array, Metric, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def weighted_f1() -> Metric:
    """Return the mean of the labels' F1, each weighted by how often it is true."""
    return Metric("weighted_f1", by_answers(counts_by_label), _score)


def _score(totals: Array) -> Array:
    scores, support, _ = f1_by_label(totals)
    return ratio((scores * support).sum(axis=-1), support.sum(axis=-1))
