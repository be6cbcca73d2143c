"""Words of texts in windows of tokens: every word is scored exactly once, where it has most context."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.models.encoders.tokens import Integers, Rows, find_special_tokens

Words = Sequence[tuple[int, int]]

# Neighbouring windows share this part, so that every word has context on both sides.
_OVERLAP = 0.25
# With it, tokenizers of the SentencePiece family begin a word.
_MARK = "▁"


@dataclass(frozen=True)
class Window:
    """A stretch of one text's tokens, and the words that are scored from it."""

    example: int
    """Which text."""
    ids: Integers
    """Tokens with the tokenizer's special tokens."""
    places: Rows
    """For each word scored here, the position in `ids` of its first token."""
    words: Rows
    """The numbers of these words in their text, same order."""
    owners: Rows
    """The word that each token belongs to, of the whole text; -1 for special tokens and what lies between words."""


def read_words(tokenizer: Any, texts: Sequence[str], words: Sequence[Words], max_tokens: int) -> list[Window]:
    """Return the windows of all texts, in order; a text without words has none.

    Args:
        tokenizer: a `tokenizers.Tokenizer`.
        texts: what to read.
        words: (start, end) in characters of each word of each text, in order, not overlapping.
        max_tokens: the longest window, special tokens included.
    """
    special = find_special_tokens(tokenizer)
    found: list[Window] = []
    for example, (encoding, spans) in enumerate(
        zip(tokenizer.encode_batch(list(texts), add_special_tokens=False), words, strict=True)
    ):
        if not spans:
            continue
        aligned = align(tokenizer, texts[example], encoding, spans)
        before, after = (np.full(len(tokens), -1) for tokens in (special.before, special.after))
        for start, end, chosen in cut(len(aligned.ids), aligned.places, max_tokens - special.count):
            ids = np.array([*special.before, *aligned.ids[start:end], *special.after], dtype=np.int32)
            places = aligned.places[chosen] - start + len(special.before)
            owners = np.concatenate([before, aligned.owners[start:end], after])
            found.append(Window(example, ids, places, chosen, owners))
    return found


@dataclass(frozen=True)
class Aligned:
    """The tokens of one text, and which word is where."""

    ids: list[int]
    places: Rows
    """The position of each word's first token, shape (words,)."""
    owners: Rows
    """The word of each token, or -1, shape (tokens,)."""


def align(tokenizer: Any, text: str, encoding: Any, words: Words) -> Aligned:
    """Return a text's tokens and where its words are among them.

    A token that covers several words (a tokenizer of subwords on text whose words are single characters) is
    cut at the words' boundaries, so that no two words share a token. A word without a token of its own (control
    characters, say) is read from the token before it.
    """
    ids: list[int] = []
    begins: list[float] = []
    """The character at which each token begins."""
    owners: list[int] = []
    word = 0
    for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
        while word < len(words) and words[word][1] <= start:
            word += 1
        last = word
        while last + 1 < len(words) and words[last + 1][0] < end:
            last += 1
        name = tokenizer.id_to_token(token)
        if last > word:
            for number, (begin, part) in enumerate(_shares(text, words[word : last + 1], (start, end)), word):
                smaller = _smaller(tokenizer, part, name if number == word else "")
                ids += smaller
                begins += [begin] * len(smaller)
                owners += [number] * len(smaller)
        else:
            ids.append(token)
            begins.append(_beginning(text, start, end) - (0.5 if name == _MARK else 0.0))
            owners.append(word if word < len(words) and words[word][0] < end else -1)
    if not ids:
        return Aligned([_unknown(tokenizer)], np.zeros(len(words), dtype=np.int64), np.zeros(1, dtype=np.int64))
    return Aligned(ids, _first_tokens(np.array(begins), np.array(words)), np.array(owners, dtype=np.int64))


def cut(tokens: int, places: Rows, room: int, *, overlap: float = _OVERLAP) -> list[tuple[int, int, Rows]]:
    """Return windows as (start, end, numbers of the words scored there).

    Args:
        tokens: how many there are.
        places: position of each word's first token, ascending, shape (words,).
        room: tokens per window, at least 1.
        overlap: share of a window that the next one reads again.
    """
    if tokens <= room:
        return [(0, tokens, np.arange(len(places)))]
    step = max(1, room - int(room * overlap))
    starts = np.array([*range(0, tokens - room, step), tokens - room])
    # The text's own ends are no loss of context: there is nothing beyond.
    before = np.where(starts[None, :] == 0, tokens, places[:, None] - starts[None, :])
    after = np.where(starts[None, :] + room == tokens, tokens, starts[None, :] + room - 1 - places[:, None])
    best = np.minimum(before, after)
    best[(places[:, None] < starts[None, :]) | (places[:, None] >= starts[None, :] + room)] = -1
    chosen = best.argmax(axis=1)
    found = [(int(start), int(start) + room, np.flatnonzero(chosen == number)) for number, start in enumerate(starts)]
    return [window for window in found if len(window[2])]


def _shares(text: str, words: Words, token: tuple[int, int]) -> list[tuple[int, str]]:
    """Return where each word's part of a token begins, and the part."""
    shares = [(max(start, token[0]), min(end, token[1])) for start, end in words]
    return [(start, text[start:end]) for start, end in shares]


def _beginning(text: str, start: int, end: int) -> int:
    """Return where a token begins once the white space that some tokenizers count in is left out."""
    blank = len(text[start:end]) - len(text[start:end].lstrip())
    return start + blank if start + blank < end else start


def _first_tokens(begins: npt.NDArray[np.float64], words: npt.NDArray[np.int64]) -> Rows:
    """Return for each word the first token that begins in it, or else the token before its beginning."""
    first = np.searchsorted(begins, words[:, 0], side="left")
    inside = begins[np.minimum(first, len(begins) - 1)] < words[:, 1]
    before = np.maximum(0, np.searchsorted(begins, words[:, 0], side="right") - 1)
    return np.where(inside & (first < len(begins)), first, before).astype(np.int64)


def _smaller(tokenizer: Any, part: str, whole: str) -> list[int]:
    """Return the tokens of a part of the token `whole`, whose mark of a word's beginning its first part keeps."""
    for name in (_MARK + part if whole.startswith(_MARK) else part, part, part.lower()):
        found = tokenizer.token_to_id(name)
        if found is not None:
            return [found]
    return list(tokenizer.encode(part, add_special_tokens=False).ids) or [_unknown(tokenizer)]


def _unknown(tokenizer: Any) -> int:
    return next((found for name in ("[UNK]", "<unk>") if (found := tokenizer.token_to_id(name)) is not None), 0)
