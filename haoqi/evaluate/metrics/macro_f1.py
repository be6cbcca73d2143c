"""Macro F1: the mean over labels of the harmonic mean of precision and recall."""

import numpy as np

from haoqi.evaluate.counts import counts_by_label, f1_by_label, ratio
from haoqi.evaluate.metric import Array, Metric, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def macro_f1() -> Metric:
    """Return the mean of the labels' F1: a rare label counts as much as a common one.

    Labels that are neither true nor predicted are left out, as scikit-learn does.
    """
    return Metric("macro_f1", by_answers(counts_by_label), mean_f1)


def mean_f1(totals: Array) -> Array:
    """Return the mean F1 of the labels that occur, from totals of `counts_by_label`."""
    scores, _, occurs = f1_by_label(totals)
    return ratio(np.sum(scores, axis=-1, where=occurs), occurs.sum(axis=-1))
