"""Texts that are almost the same: signatures that agree propose pairs, their exact similarity decides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from haoqi.data.examples import Indices
from haoqi.data.preparing.duplicates.dedupe import TEST, TRAIN, Codes
from haoqi.data.preparing.duplicates.signatures import BANDS, ROWS, Bools, Hashes, Keys, signatures_of, similarities

# A signature's agreement deviates from the similarity by 0.04 or so; pairs that deviate five times that are skipped.
_SLACK = 0.2
# All pairs of a bucket are proposed up to this size; in a larger one each text only with those next to it.
_BUCKET, _NEIGHBOURS = 60, 20


@dataclass(frozen=True)
class Near:
    """Which texts are nearly equal."""

    pairs: Indices
    """(i, j), i < j, of rows, shape (m, 2); each was verified."""
    complete: bool
    """False where so many texts are so much alike that only the likeliest pairs could be verified."""


def near_pairs(
    texts: Sequence[str],
    least: float,
    parts: Codes | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Near:
    """Return pairs of texts whose similarity is at least `least`.

    Of pairs within one part only as many are returned as connect them, for that is what clusters need. Of
    pairs across two parts all are, save that a text which must give way to a test text needs no second reason.

    Args:
        texts: normalised texts.
        least: similarity in [0, 1] from which a pair counts.
        parts: the part of each text, codes of `dedupe`; all train when None.
        progress: told the share of the work done.
    """
    parts = np.full(len(texts), TRAIN, np.int8) if parts is None else parts
    signatures, filled = signatures_of(texts, lambda share: progress(0.5 * share))
    search = _Search(texts, least, parts, signatures, list(range(len(texts))), np.zeros(len(texts), np.bool_))
    rows = np.flatnonzero(filled)
    room = 300_000 + 3 * len(rows) // 2
    for band in range(BANDS):
        key, other = (_band_key(signatures[rows], number % BANDS) for number in (band, band + 1))
        order = np.lexsort((other, key))  # in a large bucket those stand together that share a second band
        allowed = room // (BANDS - band)
        for pairs in _within_buckets(key[order], order):
            allowed -= (spent := search.verify(rows[pairs], allowed))
            room -= spent
            if not allowed:
                break
        progress(0.5 + 0.5 * (band + 1) / BANDS)
    return Near(np.array(search.found, np.int64).reshape(-1, 2), search.complete)


def repeated(texts: Sequence[str]) -> Indices:
    """Return each text that is equal to one before with the first of these, as pairs of rows, shape (m, 2)."""
    first: dict[str, int] = {}
    found = [(before, row) for row, text in enumerate(texts) if (before := first.setdefault(text, row)) != row]
    return np.array(found, np.int64).reshape(-1, 2)


def clusters(count: int, pairs: Indices) -> Indices:
    """Return the cluster of each of `count` rows, named by one of its rows, shape (count,)."""
    roots = list(range(count))
    for i, j in pairs.tolist():
        _unite(roots, i, j)
    return _resolved(roots)


@dataclass
class _Search:
    """What is known so far of which texts are nearly equal."""

    texts: Sequence[str]
    least: float
    parts: Codes
    signatures: Hashes
    roots: list[int]
    """Of the clusters within parts."""
    settled: Bools
    """Whether a text must give way to a test text anyway."""
    found: list[tuple[int, int]] = field(default_factory=list)
    tried: set[tuple[int, int]] = field(default_factory=set)
    complete: bool = True

    def __post_init__(self) -> None:
        self._resolved = np.arange(len(self.roots))

    def verify(self, pairs: Indices, most: int) -> int:
        """Verify the proposed pairs that would tell anything new, and return how many that were, at most `most`."""
        pairs = np.sort(pairs[self._telling(pairs)], axis=1)
        pairs = _agreeing(pairs, self.signatures, self.least)
        pairs = pairs[[pair not in self.tried for pair in map(tuple, pairs.tolist())]]
        if len(pairs) > most:
            self.complete, pairs = False, pairs[:most]
        near = similarities(self.texts, pairs) >= self.least
        self.tried.update(map(tuple, pairs.tolist()))
        united = False
        for i, j in pairs[near].tolist():
            self.found.append((i, j))
            united |= self._learn(i, j)
        if united:
            self._resolved = _resolved(self.roots)
        return len(pairs)

    def _telling(self, pairs: Indices) -> Bools:
        left, right = pairs[:, 0], pairs[:, 1]
        same = self.parts[left] == self.parts[right]
        apart: Bools = self._resolved[left] != self._resolved[right]
        return np.where(same, apart, ~(self.settled[left] | self.settled[right]))

    def _learn(self, i: int, j: int) -> bool:
        if self.parts[i] == self.parts[j]:
            _unite(self.roots, i, j)
            return True
        for row, other in ((i, j), (j, i)):
            self.settled[row] |= self.parts[other] == TEST
        return False


def _unite(roots: list[int], i: int, j: int) -> None:
    roots[_root(roots, i)] = _root(roots, j)


def _root(roots: list[int], row: int) -> int:
    while roots[row] != row:
        roots[row] = roots[roots[row]]
        row = roots[row]
    return row


def _resolved(roots: list[int]) -> Indices:
    found = np.array(roots, np.int64)
    while len(found) and (found[found] != found).any():
        found = found[found]
    return found


def _band_key(signatures: Hashes, band: int) -> Keys:
    key = np.zeros(len(signatures), np.uint64)
    for column in range(band * ROWS, (band + 1) * ROWS):
        key = (key ^ signatures[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key


def _within_buckets(keys: Keys, order: Indices) -> Iterator[Indices]:
    """Yield pairs of positions whose keys, sorted, are equal, the closest first."""
    edges = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1], [True])))
    sizes = np.repeat(np.diff(edges), np.diff(edges))
    for step in range(1, min(_BUCKET, len(keys))):
        reach = np.flatnonzero((keys[step:] == keys[:-step]) & ((sizes[step:] <= _BUCKET) | (step <= _NEIGHBOURS)))
        if not len(reach):
            return
        yield np.stack((order[reach], order[reach + step]), axis=1)


def _agreeing(pairs: Indices, signatures: Hashes, least: float) -> Indices:
    """Return the pairs whose signatures agree well enough, the best first."""
    agreement = np.zeros(len(pairs), np.float32)
    for start in range(0, len(pairs), 100_000):
        some = pairs[start : start + 100_000]
        agreement[start : start + 100_000] = (signatures[some[:, 0]] == signatures[some[:, 1]]).mean(axis=1)
    order = np.argsort(-agreement, kind="stable")
    return pairs[order[: int((agreement >= least - _SLACK).sum())]]
