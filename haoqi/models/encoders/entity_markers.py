"""Texts with two marked stretches as an encoder reads them: a sign before and after each, which it has known all along.

"@ flowers @ in a # vase #": signs of punctuation (Zhou and Chen, 2021, arXiv:2102.01373) are tokens of every base, so
nothing has to be added to a vocabulary and no embedding begins from nothing. The head reads the states of the two
signs that begin the stretches (Baldini Soares et al., 2019, arXiv:1906.03158), and of the first token of all.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from haoqi.data.entity_marks import insert_at, parse_marks
from haoqi.models.encoders.tokens import Integers, Rows, SpecialTokens

SIGNS = ((" @ ", " @ "), (" # ", " # "))
PLACES = 3
"""Tokens whose states the head reads: the first of the text, and the two signs that begin a marked stretch."""

_AT_ONCE = 4096


def read_marked(
    tokenizer: Any, texts: Sequence[str], max_tokens: int, special: SpecialTokens
) -> tuple[list[Integers], list[Rows]]:
    """Return the tokens of each text, and the positions among them of the tokens that the head reads.

    Of a text that is too long, what is farthest from the two stretches is left out; where they are far apart, what
    stands between.

    Args:
        tokenizer: a `tokenizers.Tokenizer`.
        texts: with marks.
        max_tokens: the longest result, special tokens included.
        special: of the tokenizer.

    Raises:
        ValueError: with the reason, if a text has no two marked stretches.
    """
    room = max_tokens - special.count
    before, after = np.array(special.before, np.int32), np.array(special.after, np.int32)
    found: list[Integers] = []
    places: list[Rows] = []
    for start in range(0, len(texts), _AT_ONCE):
        marked = [parse_marks(text) for text in texts[start : start + _AT_ONCE]]
        signed = [insert_at(one.text, one.first, one.second, SIGNS) for one in marked]
        encoded = tokenizer.encode_batch([text for text, _ in signed], add_special_tokens=False)
        for encoding, (_, characters) in zip(encoded, signed, strict=True):
            ends = np.array([end for _, end in encoding.offsets], dtype=np.int64)
            # Each sign has spaces around it, the first of which some tokenizers count to it.
            signs = np.searchsorted(ends, np.array(characters) + 1, side="right")
            kept = choose_tokens(len(ends), signs, room)
            ids = np.array(encoding.ids, dtype=np.int32)[kept]
            heads = np.searchsorted(kept, signs[[0, 2]]) + len(before)
            found.append(np.concatenate([before, ids, after]))
            places.append(np.array([0, *heads], dtype=np.int64))
    return found, places


def choose_tokens(count: int, signs: Rows, room: int) -> Rows:
    """Return which tokens are read of a text, ascending.

    Args:
        count: how many there are.
        signs: positions of the signs before and after the first stretch, and before and after the second.
        room: tokens that are read at most; at least 4.

    >>> choose_tokens(10, np.array([1, 3, 7, 9]), 6).tolist()
    [1, 2, 3, 7, 8, 9]
    """
    if count <= room:
        return np.arange(count)
    low, high = int(signs.min()), int(signs.max()) + 1
    if high - low <= room:
        begin = min(max(0, low - (room - (high - low)) // 2), count - room)
        return np.arange(begin, begin + room)
    (one, one_end), (other, other_end) = sorted([(int(signs[0]), int(signs[1])), (int(signs[2]), int(signs[3]))])
    # Each stretch with what follows and precedes it, the first sign of both always among it.
    half = room // 2
    kept = {*_around(one, one_end, half, count), *_around(other, other_end, room - half, count)}
    return np.array(sorted(kept), dtype=np.int64)


def _around(begin: int, end: int, room: int, count: int) -> range:
    """Return the tokens from the sign that begins a stretch to the one that ends it, and as many on both sides."""
    spare = max(0, room - (end + 1 - begin))
    start = min(max(0, begin - spare // 2), max(0, count - room))
    start = min(start, begin)
    return range(start, min(count, start + room))
