"""Exact match: the share of examples whose whole answer is right, no label or span missing or too many."""

from collections.abc import Sequence
from typing import Any

from haoqi.evaluate.counts import hits, items, share
from haoqi.evaluate.metric import Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def exact_match() -> Metric:
    """Return the share of examples whose whole answer is right; the order of labels or spans is nothing."""
    return Metric("exact_match", by_answers(_count), share)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    return hits([frozenset(items(t)) == frozenset(items(p)) for t, p in zip(true, predicted, strict=True)])
