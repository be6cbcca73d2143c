"""Texts that are almost the same: MinHash finds candidates, their exact similarity decides (Broder, 1997).

A text is the set of its character sequences: five characters long, or three where one begins with a Chinese,
Japanese or Korean character, which says as much as a short word; punctuation, spaces and case do not count.
The signatures are computed with numpy over all texts at once. datasketch does the same a text at a time, about
forty times slower (see bench/million_rows.py), which a million rows cannot afford.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Indices

WIDTH, WIDE_WIDTH = 5, 3
# 16 bands of 5: two texts of similarity 0.85 meet in some band with probability 0.9999, of 0.3 with 0.04.
BANDS, ROWS = 16, 5
# A signature's agreement strays from the similarity by 0.04 or so; what strays five times that is not looked at.
_SLACK = 0.2
_CHUNK_CHARACTERS = 2_000_000
_PLANE = 0x10000
# All pairs of a bucket are compared up to this size; in a larger one each text only with those next to it.
_BUCKET, _NEIGHBOURS = 60, 20

Bools = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint32]


def similarity(one: str, other: str) -> float:
    """Return the share of character sequences that two normalised texts have in common, from 0 to 1.

    >>> similarity("good phone", "good phone!"), similarity("good phone", "bad film")
    (1.0, 0.0)
    """
    left, right = sequences(one), sequences(other)
    return len(left & right) / len(left | right) if left and right else 0.0


@lru_cache(maxsize=4096)
def sequences(text: str) -> frozenset[str]:
    """Return the set of character sequences that stands for a normalised text."""
    kept = "".join(filter(_counts, text))
    if kept.isascii():
        found = frozenset(kept[at : at + WIDTH] for at in range(len(kept) - WIDTH + 1))
    else:
        ends = ((at, at + (WIDE_WIDTH if _wide(ord(letter)) else WIDTH)) for at, letter in enumerate(kept))
        found = frozenset(kept[at:end] for at, end in ends if end <= len(kept))
    return found or frozenset([kept] if kept else [])


def near_pairs(
    texts: Sequence[str],
    least: float,
    parts: npt.NDArray[np.int8] | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Indices:
    """Return pairs (i, j), i < j, of texts whose similarity is at least `least`, shape (m, 2).

    Every pair returned is verified. Of pairs within one part only as many are returned as connect them,
    for that is what clusters need; of pairs across two parts all.

    Args:
        texts: normalised texts.
        least: similarity in [0, 1] from which a pair counts.
        parts: the part of each text, shape (n,); all in one part when None.
        progress: told the share of the work done.
    """
    parts = np.zeros(len(texts), np.int8) if parts is None else parts
    signatures, filled = _signatures(texts, lambda share: progress(0.6 * share))
    roots = list(range(len(texts)))
    found: list[tuple[int, int]] = []
    candidates = _candidates(signatures, filled, least)
    for number, (i, j) in enumerate(candidates.tolist()):
        if not number % 10_000:
            progress(0.7 + 0.3 * number / len(candidates))
        same = bool(parts[i] == parts[j])
        if same and root_of(roots, i) == root_of(roots, j):
            continue
        if similarity(texts[i], texts[j]) >= least:
            found.append((i, j))
            if same:
                roots[root_of(roots, i)] = root_of(roots, j)
    return np.array(found, np.int64).reshape(-1, 2)


def clusters(count: int, pairs: Indices) -> Indices:
    """Return the cluster of each of `count` rows, named by one of its rows, shape (count,)."""
    roots = list(range(count))
    for i, j in pairs.tolist():
        roots[root_of(roots, i)] = root_of(roots, j)
    return np.array([root_of(roots, row) for row in range(count)], np.int64)


def root_of(roots: list[int], row: int) -> int:
    """Return the row that stands for a row's cluster, shortening the way to it."""
    while roots[row] != row:
        roots[row] = roots[roots[row]]
        row = roots[row]
    return row


def _signatures(texts: Sequence[str], progress: Callable[[float], None]) -> tuple[Hashes, Bools]:
    """Return the MinHash signature of each text, shape (n, bands * rows), and which texts have any characters."""
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(20_240_501)
    factors = rng.integers(0, 2**32, BANDS * ROWS, np.uint32) | np.uint32(1)
    shifts = rng.integers(0, 2**32, BANDS * ROWS, np.uint32)
    signatures = np.zeros((len(texts), BANDS * ROWS), np.uint32)
    filled = np.zeros(len(texts), np.bool_)
    _counting()

    def fill(rows: tuple[int, int]) -> int:
        start, end = rows
        hashes, starts, full = _hashes(texts[start:end])
        filled[start:end] = full
        signatures[np.flatnonzero(full) + start] = _minima(hashes, starts, factors, shifts)
        return end

    with ThreadPoolExecutor(2) as pool:  # numpy lets go of the interpreter while it computes
        for end in pool.map(fill, _chunks(texts)):
            progress(end / len(texts))
    return signatures, filled


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for row, text in enumerate(texts):
        size += len(text)
        if size > _CHUNK_CHARACTERS:
            yield start, row + 1
            start, size = row + 1, 0
    if start < len(texts):
        yield start, len(texts)


def _hashes(texts: Sequence[str]) -> tuple[Hashes, Indices, Bools]:
    """Return the hashes of all sequences, where each text's begin, and which texts have any.

    Texts that have none take no part in `starts`.
    """
    gap = "\0" * (WIDTH - 1)
    joined = gap.join(text.replace("\0", " ") for text in texts) + gap
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.array([len(text) for text in texts], np.int64) + WIDTH - 1
    offsets = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    kept = _counting()[np.minimum(codes, _PLANE - 1)] | (codes >= _PLANE) | (codes == 0)
    sizes = np.add.reduceat(kept, offsets, dtype=np.int64) - (WIDTH - 1)
    codes = codes[kept]
    narrow = np.zeros(len(codes), np.uint64)
    short = narrow
    for step in range(WIDTH):
        shifted = np.zeros_like(narrow)
        shifted[: len(codes) - step] = codes[step:]
        narrow = narrow * np.uint64(0x9E3779B97F4A7C15) + shifted + np.uint64(1)
        if step == WIDE_WIDTH - 1:
            short = narrow
    whole = _whole(codes, sizes)
    mixed = np.where(_wide(codes), short, narrow)[whole]
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    full = sizes > 0
    kept_sizes = np.add.reduceat(whole, np.concatenate(([0], np.cumsum(sizes + WIDTH - 1)[:-1])), dtype=np.int64)[full]
    starts = np.cumsum(kept_sizes) - kept_sizes
    return (mixed >> np.uint64(32)).astype(np.uint32), starts, full


def _whole(codes: Hashes, sizes: Indices) -> Bools:
    """Return at which positions a sequence begins that ends within its text; a text too short for any is one itself."""
    ends = np.repeat(np.cumsum(sizes + WIDTH - 1) - WIDTH + 1, sizes + WIDTH - 1)
    left = ends - np.arange(len(codes))
    fits: Bools = left >= np.where(_wide(codes), WIDE_WIDTH, WIDTH)
    begins = np.concatenate(([0], np.cumsum(sizes + WIDTH - 1)[:-1]))
    none = (sizes > 0) & ~np.logical_or.reduceat(fits, begins)
    fits[begins[none]] = True
    return fits


def _minima(hashes: Hashes, starts: Indices, factors: Hashes, shifts: Hashes) -> Hashes:
    """Return the smallest value of each text's hashes under each permutation, shape (texts, permutations)."""
    if not len(starts):
        return np.zeros((0, len(factors)), np.uint32)
    found = np.empty((len(factors), len(starts)), np.uint32)
    room = np.empty_like(hashes)
    for number, (factor, shift) in enumerate(zip(factors, shifts, strict=True)):
        np.bitwise_xor(hashes, shift, out=room)
        np.multiply(room, factor, out=room)
        np.bitwise_xor(room, room >> np.uint32(15), out=room)
        found[number] = np.minimum.reduceat(room, starts)
    return found.T


def _candidates(signatures: Hashes, filled: Bools, least: float) -> Indices:
    """Return the pairs that meet in a band and whose signatures agree well enough, shape (m, 2)."""
    rows = np.flatnonzero(filled)
    pairs: list[Indices] = []
    for band in range(BANDS):
        key = np.zeros(len(rows), np.uint64)
        for column in range(band * ROWS, (band + 1) * ROWS):
            key = (key ^ signatures[rows, column]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        order = np.argsort(key, kind="stable")
        found = rows[_within_buckets(key[order], order)]
        pairs.append(_agreeing(found, signatures, least))
        if sum(map(len, pairs)) > 5_000_000:
            pairs = [np.unique(np.concatenate(pairs), axis=0)]
    return np.unique(np.concatenate(pairs), axis=0) if pairs else np.zeros((0, 2), np.int64)


def _within_buckets(keys: npt.NDArray[np.uint64], order: Indices) -> Indices:
    """Return pairs of positions whose keys, sorted, are equal; in a large bucket only those near each other."""
    edges = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1], [True])))
    sizes = np.repeat(np.diff(edges), np.diff(edges))
    found = []
    for step in range(1, _BUCKET):
        reach = np.flatnonzero((keys[step:] == keys[:-step]) & ((sizes[step:] <= _BUCKET) | (step <= _NEIGHBOURS)))
        if not len(reach):
            break
        found.append(np.stack((order[reach], order[reach + step]), axis=1))
    return np.concatenate(found) if found else np.zeros((0, 2), np.int64)


def _agreeing(pairs: Indices, signatures: Hashes, least: float) -> Indices:
    kept = []
    for start in range(0, len(pairs), 100_000):
        some = pairs[start : start + 100_000]
        agreement = (signatures[some[:, 0]] == signatures[some[:, 1]]).mean(axis=1)
        kept.append(np.sort(some[agreement >= least - _SLACK], axis=1))
    return np.concatenate(kept) if kept else pairs


@cache
def _counting() -> Bools:
    """Return, for every code point of the first plane, whether it counts."""
    return np.fromiter((_counts(chr(point)) for point in range(_PLANE)), np.bool_, _PLANE)


def _counts(letter: str) -> bool:
    """Return whether a character is part of a text's sequences; beyond the first plane all are."""
    return letter >= "\U00010000" or unicodedata.category(letter)[0] not in "PZC"


def _wide(code: Any) -> Any:
    """Return whether a code point begins a short sequence; works on arrays, too."""
    return (code >= 0x2E80) & (code <= 0xD7AF) | (code >= 0xF900) & (code <= 0xFAFF) | (code >= 0x20000)
