"""Several orders of the same texts as one: reciprocal rank fusion (Cormack et al., 2009, SIGIR).

Only places count, so that orders whose scores have different units can be joined: doi:10.1145/1571941.1572114.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

DAMPING = 10
"""How little the first places count more than the next; the paper has 60, for many orders of a thousand texts each."""


def best_rows(scores: Floats, count: int, least: float = -np.inf) -> Rows:
    """Return at most so many rows with the highest scores above `least`, the highest first, equal ones in their order.

    >>> best_rows(np.array([0.2, 0.9, 0.0, 0.9]), 3, least=0.0).tolist()
    [1, 3, 0]
    """
    if count < len(scores):
        edge = np.partition(scores, len(scores) - count)[len(scores) - count]
        rows = np.flatnonzero(scores >= edge)
    else:
        rows = np.arange(len(scores))
    rows = rows[scores[rows] > least]
    return rows[np.argsort(-scores[rows], kind="stable")][:count].astype(np.int64, copy=False)


def fuse(orders: Sequence[Rows], weights: Sequence[float]) -> tuple[Rows, npt.NDArray[np.float64]]:
    """Return the rows of some orders by the sum of weight / (10 + place), the highest first, and these sums.

    Args:
        orders: rows, the best first; a row that an order lacks gets nothing from it.
        weights: how much each order counts.

    >>> rows, sums = fuse([np.array([7, 3]), np.array([3, 5])], [1.0, 1.0])
    >>> rows.tolist()
    [3, 7, 5]
    """
    sums: dict[int, float] = {}
    for order, weight in zip(orders, weights, strict=True):
        for place, row in enumerate(order.tolist(), 1):
            sums[row] = sums.get(row, 0.0) + weight / (DAMPING + place)
    ranked = sorted(sums, key=lambda row: (-sums[row], row))
    return np.array(ranked, dtype=np.int64), np.array([sums[row] for row in ranked])
