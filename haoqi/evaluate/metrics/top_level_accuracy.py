"""Top-level accuracy of paths in a tree: the share of examples whose first level is right."""

from collections.abc import Sequence
from typing import Any

from haoqi.evaluate.counts import hits, share
from haoqi.evaluate.metric import Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.path_counts import levels_in


@metrics.register
def top_level_accuracy() -> Metric:
    """Return the share of examples whose first level is right, whatever stands below it."""
    return Metric("top_level_accuracy", by_answers(_count), share)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    sides = levels_in(true, predicted, labels)
    return hits([t[:1] == p[:1] for t, p in zip(*sides, strict=True)])
