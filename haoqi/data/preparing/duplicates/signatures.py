"""What stands for a text when texts are compared: its set of character sequences, and a MinHash of it (Broder, 1997).

The sequences are five characters long, or three where one begins with a Chinese, Japanese or Korean character,
which says as much as a short word; punctuation, spaces and case do not count. The signatures are computed with
numpy over all texts at once. datasketch does the same a text at a time, about thirty times slower (see
bench/million_rows.py), which a million rows cannot afford.
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
_CHUNK_CHARACTERS = 2_000_000
_CHUNK_PAIRS = 5_000
_BITS = np.uint64(44)
_PLANE = 0x10000

Bools = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]


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
    kept = text.translate(_DROPPED) if text.isascii() else "".join(filter(_counts, text))
    if kept.isascii():
        found = frozenset(kept[at : at + WIDTH] for at in range(len(kept) - WIDTH + 1))
    else:
        ends = ((at, at + (WIDE_WIDTH if _wide(ord(letter)) else WIDTH)) for at, letter in enumerate(kept))
        found = frozenset(kept[at:end] for at, end in ends if end <= len(kept))
    return found or frozenset([kept] if kept else [])


def similarities(texts: Sequence[str], pairs: Indices) -> npt.NDArray[np.float64]:
    """Return the similarity of each pair of texts, shape (m,), as `similarity` gives it, but of all at once.

    Sequences are compared by 44 bits of their hashes, which agree by chance in one pair of texts out of a billion.
    """
    found = np.zeros(len(pairs))
    for start in range(0, len(pairs), _CHUNK_PAIRS):
        found[start : start + _CHUNK_PAIRS] = _jaccard(texts, pairs[start : start + _CHUNK_PAIRS])
    return found


def _jaccard(texts: Sequence[str], pairs: Indices) -> npt.NDArray[np.float64]:
    rows, places = np.unique(pairs, return_inverse=True)
    hashes, starts, full = _hashes([texts[row] for row in rows])
    counts = np.zeros(len(rows), np.int64)
    counts[full] = np.diff(np.append(starts, len(hashes)))
    owners = np.repeat(np.arange(len(rows), dtype=np.uint64), counts)
    keys = np.sort((owners << _BITS) | (hashes >> (np.uint64(64) - _BITS)))
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    sizes = np.bincount((keys >> _BITS).astype(np.int64), minlength=len(rows))
    begins = np.cumsum(sizes) - sizes
    sides = []
    for side in places.reshape(pairs.shape).T:
        held = sizes[side]
        numbers = np.repeat(np.arange(len(pairs), dtype=np.uint64), held)
        at = np.arange(held.sum()) + np.repeat(begins[side] - (np.cumsum(held) - held), held)
        sides.append((numbers << _BITS) | (keys[at] & ((np.uint64(1) << _BITS) - np.uint64(1))))
    both = np.sort(np.concatenate(sides))
    shared = np.bincount((both[1:][both[1:] == both[:-1]] >> _BITS).astype(np.int64), minlength=len(pairs))
    total = sizes[places.reshape(pairs.shape)].sum(axis=1) - shared
    return np.where(total > 0, shared / np.maximum(total, 1), 0.0)


def signatures_of(texts: Sequence[str], progress: Callable[[float], None]) -> tuple[Hashes, Bools]:
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
        short = (hashes >> np.uint64(32)).astype(np.uint32)
        signatures[np.flatnonzero(full) + start] = _minima(short, starts, factors, shifts)
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


def _hashes(texts: Sequence[str]) -> tuple[Keys, Indices, Bools]:
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
    return mixed, starts, full


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


# For plain texts, which are the most; the letters of the rest are asked one by one.
_DROPPED = {point: None for point in range(128) if not _counts(chr(point))}
