"""Accuracy: the share of examples whose label is right."""

from collections.abc import Sequence
from typing import Any

from haoqi.evaluate.counts import hits, share
from haoqi.evaluate.metric import Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def accuracy() -> Metric:
    """Return the share of examples whose label is right; easily read, but blind to rare labels."""
    return Metric("accuracy", by_answers(_count), share)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    return hits([t == p for t, p in zip(true, predicted, strict=True)])
