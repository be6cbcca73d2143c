"""Rows that are mostly zeros, in three arrays: what is asked of a few of them needs no library of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # answering a text must not wait for scipy
    from scipy.sparse import csr_array

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[Any]

FEW = 128
"""Up to so many rows are multiplied by NumPy alone: importing SciPy takes as long as 10,000 of them."""


@dataclass(frozen=True)
class SparseRows:
    """A table in the layout of `scipy.sparse.csr_array`, and under its names."""

    data: Floats
    """The numbers that are not zero, row after row."""
    indices: Integers
    """The column of each, ascending within a row."""
    indptr: Integers
    """Where each row begins, and at last where the last one ends, shape (rows + 1,)."""
    shape: tuple[int, int]

    @classmethod
    def counted(cls, rows: Integers, columns: Integers, shape: tuple[int, int]) -> "SparseRows":
        """Return how often each pair of a row and a column occurs."""
        pairs, counts = np.unique(rows.astype(np.int64) * shape[1] + columns, return_counts=True)
        found, places = np.divmod(pairs, max(1, shape[1]))
        return cls(counts.astype(np.float32), places, np.searchsorted(found, np.arange(shape[0] + 1)), shape)

    @classmethod
    def of(cls, table: "csr_array") -> "SparseRows":
        """Return a table of SciPy, its numbers shared."""
        return cls(table.data, table.indices, table.indptr, table.shape)

    @property
    def csr(self) -> "csr_array":
        """The same as a `scipy.sparse.csr_array`."""
        from scipy.sparse import csr_array

        return csr_array((self.data, self.indices, self.indptr), shape=self.shape)

    def __matmul__(self, table: Floats) -> Floats:
        """Return the product with a dense table; its sums are added in the order of the columns, so also by SciPy."""
        if self.shape[0] > FEW:
            found: Floats = self.csr @ table
            return found
        product = np.zeros((self.shape[0], table.shape[1]), np.float32)
        for row, (start, end) in enumerate(zip(self.indptr[:-1].tolist(), self.indptr[1:].tolist(), strict=True)):
            if start < end:
                parts = table[self.indices[start:end]] * self.data[start:end, None]
                # A sum of a single column would be added by halves.
                product[row] = parts.sum(axis=0) if parts.shape[1] > 1 else np.cumsum(parts, axis=0)[-1]
        return product


def row_sums(table: SparseRows, values: Floats) -> Floats:
    """Return the sum of each row of a table with other values in its places, shape (rows,)."""
    found = np.zeros(table.shape[0], np.float32)
    filled = np.flatnonzero(np.diff(table.indptr))
    if len(filled):
        found[filled] = np.add.reduceat(values, table.indptr[:-1][filled])
    return found


def side_by_side(tables: Sequence[SparseRows]) -> SparseRows:
    """Return tables of the same rows as one, the columns of the first before those of the next."""
    if len(tables) == 1:
        return tables[0]
    starts = np.cumsum([0, *(table.shape[1] for table in tables)])
    rows = np.concatenate([np.repeat(np.arange(table.shape[0]), np.diff(table.indptr)) for table in tables])
    order = np.argsort(rows, kind="stable")
    columns = np.concatenate([table.indices + start for table, start in zip(tables, starts, strict=False)])
    data = np.concatenate([table.data for table in tables])
    edges = np.sum([table.indptr for table in tables], axis=0)
    return SparseRows(data[order], columns[order], edges, (tables[0].shape[0], int(starts[-1])))
