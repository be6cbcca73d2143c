"""Relation micro F1: the score of TACRED (Zhang et al., 2017, aclanthology.org/D17-1004).

F1 over all answers that name a relation; that there is none is neither right nor wrong by itself.
"""

from collections.abc import Sequence
from typing import Any

from haoqi.data.relation_names import relation_of
from haoqi.evaluate.counts import f1
from haoqi.evaluate.metric import Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def relation_micro_f1() -> Metric:
    """Return the F1 over all relations together, direction counting; answers that there is none are left out."""
    return Metric("relation_micro_f1", by_answers(_count), f1)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    """Return whether a relation was right, true and predicted, shape (n, 3)."""
    import numpy as np
    from scipy.sparse import csr_array

    none = {label for label in {*labels, *true, *predicted} if label is None or relation_of(label) is None}
    rows = [(t == p and t not in none, t not in none, p not in none) for t, p in zip(true, predicted, strict=True)]
    return csr_array(np.array(rows, dtype=np.float64).reshape(len(true), 3))
