"""What most metrics are made of: how often each label was right, true and predicted, per example."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.metric import Array, Statistics

# Totals of averaged statistics (several seeds) carry rounding errors; below this they count as 0.
NOTHING = 1e-9


def items(label: Any) -> tuple[Any, ...]:
    """Return the parts of an answer that are right or wrong each: a class, classes, or spans."""
    if label is None:
        return ()
    return (label,) if isinstance(label, str) else tuple(label)


def label_of(item: Any) -> str:
    """Return the label of a part: of a class itself, of a span its type."""
    return item if isinstance(item, str) else item[2]


def counts_by_label(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    """Return per example how often each label was right, true and predicted.

    Args:
        true: n labels: a class, a tuple of classes, or a tuple of spans each.
        predicted: n labels of the same kind.
        labels: the task's labels; others that occur get columns of their own after them.

    Returns:
        Shape (n, 3 * labels): first the column of every label for right, then for true, then for predicted.

    Raises:
        ValueError: if the lengths differ.
    """
    sides = _sides(true, predicted)
    found = {label_of(item) for side in sides for members in side for item in members}
    known = [*labels, *sorted(found.difference(labels))]
    place = {label: column for column, label in enumerate(known)}
    rows: list[int] = []
    columns: list[int] = []
    for block, side in enumerate(sides):
        first = block * len(known)
        for row, members in enumerate(side):
            for item in members:
                rows.append(row)
                columns.append(first + place[label_of(item)])
    return _ones(rows, columns, (len(true), 3 * len(known)))


def counts(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    """Return per example how many parts were right, true and predicted, over all labels: shape (n, 3)."""
    from scipy.sparse import csr_array

    sizes = [[len(members) for members in side] for side in _sides(true, predicted)]
    return csr_array(np.array(sizes, dtype=np.float64).reshape(3, len(true)).T)


def hits(right: Sequence[float]) -> Statistics:
    """Return per example how far it was right, in [0, 1], and 1: shape (n, 2), for scores that are a mean of these."""
    from scipy.sparse import csr_array

    return csr_array(np.column_stack([np.asarray(right, dtype=np.float64), np.ones(len(right))]))


def share(totals: Array) -> Array:
    """Return the share of examples that were right, from the totals of `hits`."""
    return ratio(totals[..., 0], totals[..., 1])


def f1(totals: Array) -> Array:
    """Return the F1 of (right, true, predicted) totals, shape (..., 3): twice right over true and predicted."""
    return ratio(2 * totals[..., 0], totals[..., 1] + totals[..., 2])


def f1_by_label(totals: Array) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    """Return F1 and support of every label, and whether it occurs at all, from totals of `counts_by_label`.

    Returns:
        Three arrays of shape (..., labels); a label that neither is true nor predicted does not occur.
    """
    right, true, predicted = np.split(totals, 3, axis=-1)
    return ratio(2 * right, true + predicted), true, true + predicted > NOTHING


def ratio(above: Array, below: Array) -> Array:
    """Return above / below, and 0 where nothing was counted below."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64))
    return np.divide(above, below, out=np.zeros(below.shape), where=below > NOTHING)


def _sides(true: Sequence[Any], predicted: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the right, true and predicted parts of every example, each part once."""
    if len(true) != len(predicted):
        raise ValueError(f"{len(true)} true labels against {len(predicted)} predicted ones")
    wanted = [frozenset(items(label)) for label in true]
    given = [frozenset(items(label)) for label in predicted]
    return [t & p for t, p in zip(wanted, given, strict=True)], wanted, given


def _ones(rows: list[int], columns: list[int], shape: tuple[int, int]) -> Statistics:
    from scipy.sparse import csr_array

    table = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    table.sum_duplicates()
    return table
