"""Relation macro F1: the official score of SemEval-2010 task 8 (Hendrickx et al., 2010, aclanthology.org/S10-1006).

"(9+1)-way evaluation with directionality taken into account": the mean over the relations of their F1, both directions
of one taken together; an answer of the right relation in the wrong direction is wrong, and counts as an answer of it.
"""

from collections.abc import Sequence
from typing import Any

from haoqi.data.relation_names import relation_of
from haoqi.evaluate.counts import NOTHING, f1_by_label, ratio
from haoqi.evaluate.metric import Array, Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def relation_macro_f1() -> Metric:
    """Return the mean F1 of the relations that are true anywhere, direction counting; that there is none is none."""
    return Metric("relation_macro_f1", by_answers(_count), _score)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    """Return how often each relation was right, true and predicted, shape (n, 3 * relations)."""
    import numpy as np
    from scipy.sparse import csr_array

    if len(true) != len(predicted):
        raise ValueError(f"{len(true)} true labels against {len(predicted)} predicted ones")
    known = [*labels, *sorted({*true, *predicted}.difference(labels, (None,)))]
    found = {label: relation_of(label) for label in known}
    names = list(dict.fromkeys(one.name for one in found.values() if one is not None))
    place = {label: names.index(one.name) for label, one in found.items() if one is not None}
    sides = [
        [label if label == other else None for label, other in zip(true, predicted, strict=True)],
        list(true),
        list(predicted),
    ]
    entries = [
        (row, block * len(names) + place[label])
        for block, side in enumerate(sides)
        for row, label in enumerate(side)
        if label in place
    ]
    rows, columns = np.array(entries, dtype=np.int64).reshape(-1, 2).T
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(true), 3 * len(names)))


def _score(totals: Array) -> Array:
    scores, support, _ = f1_by_label(totals)
    present = support > NOTHING
    return ratio((scores * present).sum(axis=-1), present.sum(axis=-1))
