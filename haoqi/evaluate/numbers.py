"""What metrics of numbers are made of: sums over examples of the right number, the answer, and their products."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.evaluate.counts import NOTHING
from haoqi.evaluate.metric import Array, Statistics


def both(true: Sequence[Any], predicted: Sequence[Any]) -> tuple[Array, Array]:
    """Return the right numbers and the answers, shape (n,) each.

    Raises:
        ValueError: if the lengths differ.
    """
    if len(true) != len(predicted):
        raise ValueError(f"{len(true)} right numbers against {len(predicted)} answers")
    return np.asarray(true, dtype=np.float64), np.asarray(predicted, dtype=np.float64)


def table(*columns: Array) -> Statistics:
    """Return columns side by side as statistics, shape (n, columns)."""
    from scipy.sparse import csr_array

    return csr_array(np.column_stack(columns).astype(np.float64))


def mean(totals: Array) -> Array:
    """Return the mean of what was summed first over the number of examples, which was summed second."""
    count = np.maximum(totals[..., 1], NOTHING)
    found: Array = np.where(totals[..., 1] > NOTHING, totals[..., 0] / count, 0.0)
    return found
