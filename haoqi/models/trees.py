"""Decision trees as arrays: any number of them, walked all at once by NumPy.

Trees of scikit-learn and LightGBM become such arrays (`haoqi/methods/_tree_arrays.py`), so that a saved model holds
nothing pickled and answers without the library that grew it, with the same numbers to the last bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]

# Places in trees that are looked at together: rows times trees.
_AT_ONCE = 400_000


@dataclass(frozen=True)
class Trees:
    """Nodes of all trees, one tree after the other. A leaf has values; all other nodes ask for a feature."""

    roots: Integers
    """The first node of each tree, shape (trees,)."""
    feature: Integers
    """The column that a node asks for; -1 for a leaf, shape (nodes,)."""
    threshold: Floats
    """Rows whose column is at most this go left, all others right, shape (nodes,)."""
    left: Integers
    """The node on the left, shape (nodes,)."""
    right: Integers
    """The node on the right, shape (nodes,)."""
    starts: Integers
    """Where the values of each node begin, and at last where they end, shape (nodes + 1,)."""
    columns: Integers
    """The output that a value adds to, shape (values,)."""
    values: Doubles
    """What a leaf adds, shape (values,)."""

    def sums(self, table: Floats, width: int) -> Doubles:
        """Return what the leaves that rows come to add up to, in the order of the trees, shape (rows, width).

        Args:
            table: the features, shape (rows, columns).
            width: how many outputs there are.
        """
        found = np.zeros((len(table), width))
        step = max(1, _AT_ONCE // max(1, len(self.roots)))
        for start in range(0, len(table), step):
            found[start : start + step] = self._sums(table[start : start + step], width)
        return found

    def _sums(self, table: Floats, width: int) -> Doubles:
        rows, count = len(table), len(self.roots)
        leaves = self._leaves(table)
        first, after = self.starts[leaves], self.starts[leaves + 1]
        counts = (after - first).astype(np.int64)
        ends = np.cumsum(counts)
        places = np.repeat(first - (ends - counts), counts) + np.arange(int(ends[-1]) if len(ends) else 0)
        owners = np.repeat(np.repeat(np.arange(rows), count), counts)
        # A sum of its own for each row and output, added in the order in which the values come: tree by tree.
        cells = owners * width + self.columns[places]
        found: Any = np.bincount(cells, self.values[places], minlength=rows * width)
        sums: Doubles = found.reshape(rows, width)
        return sums

    def _leaves(self, table: Floats) -> Integers:
        """Return the leaf that each row comes to in each tree, row after row, shape (rows * trees,)."""
        nodes = np.tile(self.roots, len(table))
        owners = np.repeat(np.arange(len(table)), len(self.roots))
        under_way = np.flatnonzero(self.feature[nodes] >= 0)
        while len(under_way):
            at = nodes[under_way]
            goes_left = table[owners[under_way], self.feature[at]] <= self.threshold[at]
            at = np.where(goes_left, self.left[at], self.right[at])
            nodes[under_way] = at
            under_way = under_way[self.feature[at] >= 0]
        return nodes

    @classmethod
    def join(cls, parts: Sequence["Trees"]) -> "Trees":
        """Return the trees of all parts, in order."""
        nodes = np.cumsum([0, *(len(one.feature) for one in parts)])
        values = np.cumsum([0, *(len(one.values) for one in parts)])
        moved = {
            "roots": [one.roots + first for one, first in zip(parts, nodes, strict=False)],
            "left": [one.left + first for one, first in zip(parts, nodes, strict=False)],
            "right": [one.right + first for one, first in zip(parts, nodes, strict=False)],
            "starts": [one.starts[:-1] + first for one, first in zip(parts, values, strict=False)] + [values[-1:]],
        }
        for name in ("feature", "threshold", "columns", "values"):
            moved[name] = [getattr(one, name) for one in parts]
        kinds = {"threshold": np.float32, "values": np.float64}
        none = np.zeros(0)
        return cls(
            **{name: np.concatenate([none, *found]).astype(kinds.get(name, np.int32)) for name, found in moved.items()}
        )

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name, as a file holds them."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Trees":
        """Return what `as_arrays` gave; arrays of other names are left aside."""
        return cls(**{one.name: arrays[one.name] for one in fields(cls)})


def rounded_down(thresholds: Doubles) -> Floats:
    """Return the largest 32-bit numbers that are not greater: for 32-bit features they part rows in the same way.

    >>> float(rounded_down(np.array([0.1]))[0]) <= 0.1
    True
    """
    found = thresholds.astype(np.float32)
    over = found.astype(np.float64) > thresholds
    found[over] = np.nextafter(found[over], np.float32(-np.inf))
    return found
