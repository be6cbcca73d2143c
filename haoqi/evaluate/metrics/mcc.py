"""Matthews correlation for any number of classes (Gorodkin, "Comparing two K-category assignments", 2004)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.counts import NOTHING, counts_by_label
from haoqi.evaluate.metric import Array, Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def mcc() -> Metric:
    """Return the correlation of true and predicted classes, in [-1, 1]: 0 is chance, also where classes are uneven."""
    return Metric("mcc", by_answers(_count), _score, least=-1.0)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    """Return per example whether it was right, then each label true, then each label predicted."""
    from scipy.sparse import csr_array, hstack

    table = counts_by_label(true, predicted, labels)
    width = table.shape[1] // 3
    right = csr_array(table[:, :width].sum(axis=1).reshape(-1, 1))
    return csr_array(hstack([right, table[:, width:]]))


def _score(totals: Array) -> Array:
    right = totals[..., 0]
    true, predicted = np.split(totals[..., 1:], 2, axis=-1)
    size = true.sum(axis=-1)
    spread = (size**2 - (true**2).sum(axis=-1)) * (size**2 - (predicted**2).sum(axis=-1))
    shared = right * size - (true * predicted).sum(axis=-1)
    root = np.sqrt(np.maximum(spread, 0.0))
    found: Array = np.divide(shared, root, out=np.zeros(root.shape), where=root > NOTHING)
    return found
