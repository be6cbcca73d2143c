"""Words of a raw text, by their places: what tags are given to, in any language."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from unicodedata import category

from haoqi.data.examples import Examples
from haoqi.data.unspaced import UNSPACED

__all__ = ["UNSPACED", "Words", "context_words", "split_at_spans", "word_offsets", "words_of"]

Words = tuple[tuple[int, int], ...]


def word_offsets(text: str) -> Words:
    """Return (start, end) of each word: spaced words, numbers, marks, and every Chinese or Japanese character.

    Words are in order, do not overlap, hold no white space, and leave out nothing but white space.

    >>> [text[a:b] for text in ["Ann's U.S. visa: 3,000元"] for a, b in word_offsets(text)]
    ['Ann', "'s", 'U.S.', 'visa', ':', '3,000', '元']
    """
    return tuple(match.span() for match in _pattern().finditer(text))


def words_of(examples: Examples) -> list[Words]:
    """Return the words of every example: those that it carries, as for training, else `word_offsets`."""
    if examples.words is not None:
        return [tuple(words) for words in examples.words]
    return [word_offsets(text) for text in examples.texts]


def context_words(examples: Examples) -> list[Words]:
    """Return the words of every example's context, none where there is no context."""
    return [word_offsets(context) for context in examples.contexts or [""] * len(examples)]


def split_at_spans(examples: Examples) -> Examples:
    """Return the examples with words that no span cuts through: each word is split at the ends of spans.

    For training only: where spans end is not known when a model answers.
    """
    found = []
    for words, label in zip(words_of(examples), examples.labels, strict=True):
        cuts = sorted({edge for start, end, _ in label or () for edge in (start, end)})
        found.append(_split(words, cuts) if cuts else words)
    return replace(examples, words=found)


def _split(words: Words, cuts: Sequence[int]) -> Words:
    pieces: list[tuple[int, int]] = []
    for start, end in words:
        edges = [start, *(cut for cut in cuts if start < cut < end), end]
        pieces += pairwise(edges)
    return tuple(pieces)


@cache
def _pattern() -> re.Pattern[str]:
    # \w leaves out the vowel signs and accents that many scripts write as marks of their own.
    marks = "".join(chr(code) for code in range(0x300, 0x2000) if category(chr(code)) in ("Mn", "Mc"))
    letter = rf"(?:(?![{UNSPACED}])[\w{marks}])"
    return re.compile(
        rf"""
        \d+(?:[.,:]\d+)+{letter}*              # 3,000  10.5kg  12:30
        | (?:(?![{UNSPACED}\d_])\w\.){{2,}}     # U.S.
        | '(?:s|re|ve|ll|d|m|t)\b               # Ann's, they're: an ending of its own
        | {letter}+(?:-{letter}+)*              # words, hyphens within
        | \S                                    # marks, and characters of unspaced scripts
        """,
        re.VERBOSE,
    )
