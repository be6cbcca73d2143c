"""F1 of finding out that a context holds no answer (van Rijsbergen, 1979, of the class "unanswerable")."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.counts import NOTHING, f1
from haoqi.evaluate.metric import Array, Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def no_answer_f1() -> Metric:
    """Return the F1 of the questions left without an answer; 1 where all have one and all were given one."""
    return Metric("no_answer_f1", by_answers(_count), _score)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    from scipy.sparse import csr_array

    wanted = np.array([not one for one in true], np.float64)
    given = np.array([not one for one in predicted], np.float64)
    return csr_array(np.column_stack([wanted * given, wanted, given, np.ones(len(wanted))]))


def _score(totals: Array) -> Array:
    all_answered = (totals[..., 1] + totals[..., 2] <= NOTHING) & (totals[..., 3] > NOTHING)
    found: Array = np.where(all_answered, 1.0, f1(totals))
    return found
