"""Batches of pairs whose texts are read one by one and then compared."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from haoqi.data.examples import Examples
from haoqi.models.encoders.encoder import Batch
from haoqi.models.encoders.model_input import Reading
from haoqi.models.encoders.tokens import Rows

# Texts that are encoded at once: those of like length, so that little is padded.
_TOGETHER = 16
# Wrong answers to a query that are compared beside each right one, besides those of other queries.
_WRONG_EACH = 3


@dataclass(frozen=True)
class PairBatch:
    """Pairs that are compared with one another."""

    parts: list[Batch]
    """Texts of like length; together the first texts, then the second ones, in another order."""
    back: Tensor
    """The place of each text in that order, shape (2 pairs,)."""
    targets: Tensor
    """How alike each pair is, or its class, shape (pairs,)."""
    queries: Tensor
    """The same number for pairs with the same first text, shape (pairs,)."""
    items: Tensor
    """The same number for pairs with the same second text, shape (pairs,)."""
    counting: Tensor
    """How much each pair counts, shape (pairs,)."""

    def vectors(self, module: Any) -> tuple[Tensor, Tensor]:
        """Return the vectors of the first and of the second texts, each of length 1, shape (pairs, width)."""
        found = torch.cat([module.features(part).float() for part in self.parts])[self.back]
        first, second = found.chunk(2)
        return first, second


@dataclass(frozen=True)
class PairBatches:
    """Steps of pairs: all of them in random order, or right answers with some wrong ones of the same query."""

    reading: Reading
    """Of the first texts of all pairs, then of the second ones."""
    targets: npt.NDArray[Any]
    """One per pair."""
    examples: Examples
    batch_size: int
    device: str = "cpu"
    by_query: bool = False
    """Whether steps are made of right answers, whose target is above 0, and of wrong ones beside them."""

    def epoch(self, rng: np.random.Generator) -> list[list[Rows]]:
        """Return the steps of one epoch, one part each."""
        count = len(self.targets)
        right = np.flatnonzero(self.targets > 0)
        if not self.by_query or not len(right):
            order = rng.permutation(count)
            return [[order[at : at + self.batch_size]] for at in range(0, count, self.batch_size)]
        units = [
            np.array([row, *rng.permutation(self._wrong.get(int(self._queries[row]), _NONE))[:_WRONG_EACH].tolist()])
            for row in rng.permutation(right).tolist()
        ]
        largest = 1 + min(_WRONG_EACH, max(map(len, self._wrong.values()), default=0))
        each = max(1, self.batch_size // largest)  # the same number of steps in every epoch
        return [[np.concatenate(units[at : at + each])] for at in range(0, len(units), each)]

    def collate(self, rows: Rows) -> PairBatch:
        """Return the texts of these pairs in batches of like length, and what is known of them."""
        every = np.concatenate([rows, rows + len(self.targets)])
        order = np.argsort(self.reading.lengths[every], kind="stable")
        parts = [
            self.reading.collate(every[order[at : at + _TOGETHER]], self.device)
            for at in range(0, len(order), _TOGETHER)
        ]
        targets = self.targets[rows].astype(np.float32)
        known = (np.argsort(order), targets, self._queries[rows], self._items[rows], self._counting[rows])
        return PairBatch(parts, *(torch.from_numpy(np.ascontiguousarray(one)).to(self.device) for one in known))

    def weight(self, rows: Rows) -> float:
        """Return the number of pairs, or of right answers, each counted by its weight."""
        counting = self._counting[rows]
        if not self.by_query:
            return float(counting.sum())
        return max(float(counting[self.targets[rows] > 0].sum()), 1e-6)

    @cached_property
    def _queries(self) -> Rows:
        return _numbered(self.examples.texts)

    @cached_property
    def _items(self) -> Rows:
        return _numbered(self.examples.second_texts)

    @cached_property
    def _wrong(self) -> dict[int, Rows]:
        """The rows of wrong answers to each query."""
        found: dict[int, list[int]] = {}
        for row in np.flatnonzero(self.targets <= 0).tolist():
            found.setdefault(int(self._queries[row]), []).append(row)
        return {query: np.array(rows) for query, rows in found.items()}

    @cached_property
    def _counting(self) -> npt.NDArray[np.float32]:
        return self.examples.counting.astype(np.float32)


def _numbered(texts: list[str]) -> Rows:
    """Return the same number for equal texts."""
    places: dict[str, int] = {}
    return np.array([places.setdefault(text, len(places)) for text in texts], dtype=np.int64)


_NONE: Rows = np.zeros(0, dtype=np.int64)
