"""Texts as windows of tokens, each token with the number of the word that it belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.encoders.tokens import Integers, Rows, find_special_tokens, lengths_of
from haoqi.pretraining.segment import Segmenter

_AT_ONCE = 2048


@dataclass(frozen=True)
class Windows:
    """What a masked model reads; a text that is too long is some of them."""

    ids: list[Integers]
    """Tokens, special tokens and the base's prefix included."""
    words: list[Integers]
    """The number of each token's word within its window; -1 where it is never hidden."""
    texts: Rows
    """The text of each window, shape (windows,)."""

    @property
    def lengths(self) -> Rows:
        """Tokens of each window."""
        return lengths_of(self.ids)

    def renumbered(self, numbers: npt.NDArray[np.int64]) -> "Windows":
        """Return the same windows with each token by another number."""
        return Windows([numbers[ids].astype(np.int32) for ids in self.ids], self.words, self.texts)


def windows_of(
    tokenizer: Any, texts: Sequence[str], max_tokens: int, *, prefix: str = "", segmenter: Segmenter | None = None
) -> Windows:
    """Return texts as windows of at most so many tokens, of about equal length where a text is some of them.

    Args:
        tokenizer: a `tokenizers.Tokenizer`.
        texts: what is read.
        max_tokens: the longest window, special tokens and prefix included.
        prefix: put before every window, as the base expects.
        segmenter: tells the words; None: every token is one.
    """
    special = find_special_tokens(tokenizer)
    led = tokenizer.encode(prefix, add_special_tokens=False).ids if prefix else []
    before = np.array([*special.before, *led], np.int32)
    after = np.array(special.after, np.int32)
    room = max(1, max_tokens - len(before) - len(after))
    ids: list[Integers] = []
    words: list[Integers] = []
    owners: list[int] = []
    for number, own, offsets in _read(tokenizer, texts, prefix):
        groups = np.arange(len(own)) if segmenter is None else _words(offsets, segmenter.words(texts[number]))
        parts = -(-len(own) // room)
        for piece, group in zip(np.array_split(own, parts), np.array_split(groups, parts), strict=True):
            ids.append(np.concatenate([before, piece, after]).astype(np.int32))
            outside = np.full(len(before), -1), np.full(len(after), -1)
            words.append(np.concatenate([outside[0], group, outside[1]]).astype(np.int32))
            owners.append(number)
    return Windows(ids, words, np.array(owners, np.int64))


def _read(tokenizer: Any, texts: Sequence[str], prefix: str) -> Iterator[tuple[int, Integers, list[tuple[int, int]]]]:
    """Yield each text's number, tokens and their places in it; a text without tokens is left out."""
    shift = len(prefix)
    for start in range(0, len(texts), _AT_ONCE):
        cut = [prefix + text for text in texts[start : start + _AT_ONCE]]
        for number, encoding in enumerate(tokenizer.encode_batch(cut, add_special_tokens=False), start):
            places = encoding.offsets
            own = [at for at, (_, end) in enumerate(places) if end > shift]
            if own:
                offsets = [(max(0, places[at][0] - shift), places[at][1] - shift) for at in own]
                yield number, np.array(encoding.ids, np.int32)[own], offsets


def _words(offsets: Sequence[tuple[int, int]], words: Sequence[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Return a number for each token: the same for tokens of one word; a token over several words makes these one."""
    starts = np.array([start for start, _ in words], np.int64)
    found = np.zeros(len(offsets), np.int64)
    number, reached = -1, -1
    for at, (start, end) in enumerate(offsets):
        # The first word that begins at the token's last character or before it is the last one it touches.
        last = max(int(np.searchsorted(starts, max(start, end - 1), side="right")) - 1, 0)
        first = max(int(np.searchsorted(starts, start, side="right")) - 1, 0)
        if first > reached or number < 0:
            number += 1
        reached = max(reached, last)
        found[at] = number
    return found
