"""The passages of an index and what finds them: all that is known at one moment, and how a query puts it in order."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.retrieval.bm25 import Bm25
from haoqi.retrieval.fusion import best_rows, fuse
from haoqi.retrieval.whitening import Whitening

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

POOL = 100
"""The fewest texts that each order gives to the fusion; ten times as many as are asked for, if that is more."""
MEANING = 2.0
"""How much more the order by meaning counts than the one by words."""


@dataclass(frozen=True)
class Passage:
    """One text of an index."""

    id: str
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    """What else is known of it, as JSON can hold it."""


Filter = Callable[[Passage], bool] | Mapping[str, Any]
"""Whether a passage may be found; or the values that its meta must have."""


@dataclass(frozen=True)
class Hit:
    """A passage that was found."""

    passage: Passage
    score: float
    """The higher the better: of a re-ranker a probability or a number; of words alone BM25's score, of meaning alone a
    cosine, of both the sum of 1 / (10 + place by words) and 2 / (10 + place by meaning)."""
    by_words: int | None = None
    """Its place by BM25, from 1; None: it was not among the best."""
    by_meaning: int | None = None
    """Its place by cosine, from 1; None: it was not among the best."""

    @property
    def id(self) -> str:
        """The passage's id."""
        return self.passage.id

    @property
    def text(self) -> str:
        """The passage's text."""
        return self.passage.text

    @property
    def meta(self) -> Mapping[str, Any]:
        """What else is known of the passage."""
        return self.passage.meta


@dataclass(frozen=True)
class Index:
    """The passages at one moment with all that finds them; it is never changed."""

    passages: tuple[Passage, ...]
    words: Bm25 | None
    vectors: npt.NDArray[np.float16] | None
    """Of length 1, shape (passages, width)."""
    whitened: bool = False
    """Whether vectors are whitened before they are compared: those of a base that was not tuned."""

    @cached_property
    def distinct(self) -> Rows:
        """The rows whose text no earlier one has."""
        return np.asarray(_first_of_each(self, range(len(self.passages))), dtype=np.int64)

    def cosines(self, asked: Floats) -> Floats:
        """Return the cosines of some queries' vectors and all passages, shape (queries, passages)."""
        whitening, known = self._compared
        found: Floats = (asked if whitening is None else whitening(asked)) @ known.T
        return found

    @cached_property
    def _compared(self) -> tuple[Whitening | None, Floats]:
        """What is done to vectors, and those of all passages after it."""
        assert self.vectors is not None
        known = self.vectors.astype(np.float32)
        if not self.whitened:
            return None, known
        whitening = Whitening.of(known)
        return whitening, whitening(known)

    def kept(self, rows: Rows) -> "Index":
        """Return the index of these passages only, in this order."""
        return Index(
            tuple(self.passages[row] for row in rows.tolist()),
            None if self.words is None else self.words.kept(rows),
            None if self.vectors is None else self.vectors[rows],
            self.whitened,
        )


def allowed_rows(index: Index, only: Filter | None, *, repeats: bool) -> Rows:
    """Return the rows that may be found, of equal texts the first where repeats are not asked for."""
    if only is None:
        return np.arange(len(index.passages)) if repeats else index.distinct
    meant = only if callable(only) else (lambda passage: _matches(passage, only))
    rows = [row for row, passage in enumerate(index.passages) if meant(passage)]
    return np.asarray(rows if repeats else _first_of_each(index, rows), dtype=np.int64)


def _first_of_each(index: Index, rows: Sequence[int]) -> list[int]:
    """Return those of some rows that no earlier one has the text of."""
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(index.passages[row].text, row)
    return list(first.values())


def _matches(passage: Passage, wanted: Mapping[str, Any]) -> bool:
    return all(passage.meta.get(name) == value for name, value in wanted.items())


def ranked_hits(
    index: Index, allowed: Rows, queries: Sequence[str], vectors: Floats | None, *, count: int
) -> list[list[Hit]]:
    """Return the best passages of some rows for each query, by all orders that the index has."""
    pool = max(POOL, 10 * count)
    by_words = None if index.words is None else index.words.scores(queries)
    by_meaning = None if vectors is None else index.cosines(vectors)
    known = [scores for scores in (by_words, by_meaning) if scores is not None]
    found = []
    for place in range(len(queries)):
        leasts = [0.0 if scores is by_words else -np.inf for scores in known]
        orders = [
            allowed[best_rows(scores[place][allowed], pool, least)] for scores, least in zip(known, leasts, strict=True)
        ]
        rows, sums = fuse(orders, [MEANING if scores is by_meaning else 1.0 for scores in known])
        if len(orders) == 1:
            sums = known[0][place][rows].astype(np.float64)
        words = orders[0] if by_words is not None else None
        meaning = orders[-1] if by_meaning is not None else None
        places = [_places(order) for order in (words, meaning)]
        found.append(
            [
                Hit(index.passages[row], float(score), places[0].get(row), places[1].get(row))
                for row, score in zip(rows[:count].tolist(), sums[:count], strict=True)
            ]
        )
    return found


def _places(order: Rows | None) -> dict[int, int]:
    return {} if order is None else {row: place for place, row in enumerate(order.tolist(), 1)}


def to_json(passage: Passage) -> str:
    """Return a passage as one line."""
    return json.dumps({"id": passage.id, "text": passage.text, "meta": dict(passage.meta)}, ensure_ascii=False)
