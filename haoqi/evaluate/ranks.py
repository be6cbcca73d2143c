"""What metrics of ranking are made of: one row of statistics per query, from the grades of its items in order.

Items with equal scores stand in no order, so a metric is what it is on average over all orders that the scores allow
(McSherry and Najork, 2008, doi:10.1007/978-3-540-78646-7_38): whoever scores all items alike gains nothing by the order
in which a file has them. A query none of whose items is relevant tells nothing and is left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.evaluate.counts import ratio
from haoqi.evaluate.metric import Array, Scored, Statistics
from haoqi.evaluate.predictions import Predictions


class Tied(NamedTuple):
    """Items of one query that have the same score."""

    before: int
    """Items with higher scores."""
    grades: Array
    """How relevant each of them is, 0 or more, shape (n,)."""


OfQuery = Callable[[list[Tied]], float]
"""Items in order of their scores, those with equal scores together, to what a metric says of the query."""


@dataclass(frozen=True)
class by_query:  # noqa: N801 - used as a function
    """A metric's `count` from what it says of one query: the sum over queries, and how many these are."""

    compute: OfQuery

    def __call__(self, examples: Examples, predictions: Predictions, task: Scored) -> Statistics:
        """Return the statistics, one row per query in order of appearance, shape (queries, 2)."""
        from scipy.sparse import csr_array

        grades = np.asarray(examples.labels, dtype=np.float64)
        scores = np.asarray(predictions.labels, dtype=np.float64)
        found = [
            (self.compute(_in_order(grades[rows], scores[rows])), 1.0) if grades[rows].max() > 0 else (0.0, 0.0)
            for rows in rows_of_queries(examples)
        ]
        return csr_array(np.asarray(found, dtype=np.float64).reshape(-1, 2))


def rows_of_queries(examples: Examples) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the rows of each query in order of appearance: those with the same first text, of one group."""
    groups = examples.groups or [""] * len(examples)
    found: dict[tuple[str, str], list[int]] = {}
    for row, query in enumerate(zip(groups, examples.texts, strict=True)):
        found.setdefault(query, []).append(row)
    for rows in found.values():
        yield np.asarray(rows, dtype=np.int64)


def mean_of_queries(totals: Array) -> Array:
    """Return the mean over queries, from the totals of `by_query`."""
    return ratio(totals[..., 0], totals[..., 1])


def gain_within(tied: list[Tied], discounts: Array) -> float:
    """Return the grades, each times the mean discount of the places that it may have; there is none beyond the last."""
    total, sums = 0.0, np.concatenate([[0.0], np.cumsum(discounts)])
    last = len(discounts)
    for before, grades in tied:
        inside = sums[min(last, before + len(grades))] - sums[min(last, before)]
        total += float(grades.mean()) * float(inside)
    return total


def _in_order(grades: Array, scores: Array) -> list[Tied]:
    order = np.argsort(-scores, kind="stable")
    edges = np.flatnonzero(np.diff(scores[order])) + 1
    found, before = [], 0
    for rows in np.split(order, edges):
        found.append(Tied(before, grades[rows]))
        before += len(rows)
    return found
