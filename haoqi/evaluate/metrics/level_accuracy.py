"""Level accuracy of paths in a tree: how far down they are right, each level counting the same."""

import numpy as np

from haoqi.evaluate.counts import NOTHING, ratio
from haoqi.evaluate.metric import Array, Metric, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.path_counts import right_by_level


@metrics.register
def level_accuracy() -> Metric:
    """Return the mean over levels of the share of examples that are right down to this level.

    A level counts the examples that truly go so deep, and a path is right there if all above is right, too.
    """
    return Metric("level_accuracy", by_answers(right_by_level), mean_accuracy)


def mean_accuracy(totals: Array) -> Array:
    """Return the mean of the levels' accuracies, from totals of `right_by_level`; levels without examples left out."""
    right, wanted = np.split(totals, 2, axis=-1)
    return ratio(ratio(right, wanted).sum(axis=-1), (wanted > NOTHING).sum(axis=-1))
