"""BM25: texts scored by the terms that they share with a query (Robertson and Zaragoza, 2009, doi:10.1561/1500000019).

What each term adds to each text is computed once and kept in a sparse table, so that a query is a sum of some of its
rows (Lù, 2024, arXiv:2407.03618). Terms are counted as they come: no stems, no stop words, in any language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from haoqi.retrieval.terms import index_terms, query_terms

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

Floats = npt.NDArray[np.float32]

SATURATION, LENGTH_SHARE = 0.9, 0.4
"""How soon a term that is repeated adds no more (k1), and how much long texts are held back (b): Anserini's values."""


@dataclass(frozen=True)
class Bm25:
    """Counts of terms in texts; it is not changed, `added` and `kept` give new ones."""

    terms: tuple[str, ...]
    """Known terms; a term's place is its column."""
    counts: "csr_array"
    """How often each term stands in each text, shape (texts, terms)."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Bm25":
        """Return the counts of some texts."""
        from scipy.sparse import csr_array

        return cls((), csr_array((0, 0), dtype=np.float32)).added(texts)

    def __len__(self) -> int:
        return int(self.counts.shape[0])

    def added(self, texts: Sequence[str]) -> "Bm25":
        """Return the counts with those of further texts behind them."""
        from scipy.sparse import csr_array, vstack

        places = dict(self._places)
        columns: list[int] = []
        ends = [0]
        for text in texts:
            columns += [places.setdefault(term, len(places)) for term in index_terms(text)]
            ends.append(len(columns))
        ones = np.ones(len(columns), np.float32)
        more = csr_array((ones, np.asarray(columns, np.int64), np.asarray(ends, np.int64)), (len(texts), len(places)))
        more.sum_duplicates()
        before = csr_array(self.counts)
        before.resize((len(self), len(places)))
        return Bm25(tuple(places), csr_array(vstack([before, more], format="csr")))

    def kept(self, rows: npt.NDArray[np.int64]) -> "Bm25":
        """Return the counts of these texts only, in this order; terms that none of them has stay known."""
        return Bm25(self.terms, self.counts[rows])

    def scores(self, queries: Sequence[str]) -> Floats:
        """Return how well each text suits each query, 0 where they share no term, shape (queries, texts)."""
        from scipy.sparse import csr_array

        known = [[self._places[term] for term in query_terms(query) if term in self._places] for query in queries]
        columns = np.fromiter((column for row in known for column in row), np.int64)
        ends = np.cumsum([0, *map(len, known)])
        asked = csr_array((np.ones(len(columns), np.float32), columns, ends), (len(queries), len(self.terms)))
        found: Floats = (asked @ self._weights.T).toarray()
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}

    @cached_property
    def _weights(self) -> "csc_array":
        """What each term adds to each text, shape (texts, terms)."""
        from scipy.sparse import csc_array

        counts = self.counts
        lengths = np.asarray(counts.sum(axis=1), np.float64).ravel()
        held = np.bincount(counts.indices, minlength=counts.shape[1])
        rarity = np.log1p((len(self) - held + 0.5) / (held + 0.5))
        usual = max(float(lengths.mean()) if len(lengths) else 0.0, 1e-9)
        slack = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths / usual)
        found = counts.copy()
        rows = np.repeat(np.arange(len(self)), np.diff(counts.indptr))
        found.data = (rarity[counts.indices] * counts.data * (SATURATION + 1) / (counts.data + slack[rows])).astype(
            np.float32
        )
        return csc_array(found)
