"""Which words of some texts can stand for each other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.data.recipes import Floats, RecipeTools
from haoqi.data.recipes._edits import is_character, lines_of
from haoqi.data.recipes._rows import names_in

# Words that are compared with each other: the commonest, in two texts at least, in a fifth of all at most.
_MOST_WORDS, _FEWEST_TEXTS, _COMMON = 10_000, 2, 0.2
_NEAREST, _AT_ONCE = 5, 1000
# Two words speak for different labels if their shares of labels differ by more, in total variation.
_LEANING = 0.35
# Characters that are so much oftener together than chance would have it are a word (Church and Hanks, 1990).
_BOUND, _SEEN_TOGETHER = 3.0, 3
# Company that words keep: so many words to either side, of the commonest so many, in so many dimensions.
_WINDOW, _COMPANIONS, _DIMENSIONS = 3, 5000, 50


@dataclass(frozen=True)
class Lexicon:
    """Words of some texts with those that may replace them."""

    pairs: frozenset[str]
    """Pairs of characters that are words."""
    neighbours: dict[str, list[str]]
    """A word in lower case to the nearest others, the nearest first."""

    def units(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return words as (first, one after the last), where two characters may be one."""
        return units(words, self.pairs)


def learn_lexicon(examples: Examples, tools: RecipeTools, similarity: float) -> Lexicon:
    """Return which words of the examples can replace which.

    Args:
        examples: texts, and labels that keep words apart which speak for different ones.
        tools: a base's knowledge of words, where there is one.
        similarity: least cosine of two neighbours.
    """
    texts = [line.spelt() for line in lines_of(examples, tools)]
    pairs = bound_pairs(texts)
    cut = [["".join(words[start:end]).lower() for start, end in units(words, pairs)] for words in texts]
    counts = Counter(word for words in cut for word in set(words) if _carries_meaning(word))
    common = max(_FEWEST_TEXTS, _COMMON * len(cut))
    known = [word for word, count in counts.most_common(_MOST_WORDS) if _FEWEST_TEXTS <= count <= common]
    if len(known) < 2:
        return Lexicon(pairs, {})
    vectors = tools.word_vectors(known) if tools.word_vectors is not None else company(cut, known)
    leaning = None if tools.kind.of_words else _leaning(cut, known, examples, tools)
    return Lexicon(pairs, _nearest(known, vectors, leaning, similarity))


def units(words: Sequence[str], pairs: frozenset[str]) -> list[tuple[int, int]]:
    """Return words as (first, one after the last): two characters that are a pair are one word.

    >>> units(["很", "喜", "欢", "你"], frozenset({"喜欢"}))
    [(0, 1), (1, 3), (3, 4)]
    """
    found, at = [], 0
    while at < len(words):
        end = at + 1
        if end < len(words) and is_character(words[at]) and words[at] + words[end] in pairs:
            end += 1
        found.append((at, end))
        at = end
    return found


def bound_pairs(texts: Iterable[Sequence[str]]) -> frozenset[str]:
    """Return the pairs of characters that are so often together that they are words."""
    single, double = Counter[str](), Counter[str]()
    for words in texts:
        single.update(filter(is_character, words))
        double.update(one + other for one, other in pairwise(words) if is_character(one) and is_character(other))
    total = sum(single.values())
    return frozenset(
        pair
        for pair, count in double.items()
        if count >= _SEEN_TOGETHER and log2(count * total / (single[pair[0]] * single[pair[1]])) >= _BOUND
    )


def company(texts: Sequence[Sequence[str]], known: Sequence[str]) -> Floats:
    """Return vectors of words by the company they keep, of length 1 or 0, shape (words, dimensions).

    Positive pointwise mutual information, reduced by its largest singular vectors (Levy and Goldberg, 2014).

    Args:
        texts: words in their order.
        known: words that want a vector; any word can be company.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import svds

    place = {word: number for number, word in enumerate(known)}
    common = Counter(word for words in texts for word in words).most_common(_COMPANIONS)
    companions = {word: number for number, (word, _) in enumerate(common)}
    rows, columns = list[int](), list[int]()
    for words in texts:
        beside = [companions.get(word, -1) for word in words]
        for at, word in enumerate(words):
            if word in place:
                near = beside[max(0, at - _WINDOW) : at] + beside[at + 1 : at + 1 + _WINDOW]
                found = [other for other in near if other >= 0]
                rows += [place[word]] * len(found)
                columns += found
    size = (len(known), len(companions))
    table: Any = csr_array((np.ones(len(rows)), (rows, columns)), shape=size).tocoo()
    if not table.nnz:
        return np.zeros((len(known), 1), np.float32)
    own, theirs = np.bincount(table.row, table.data), np.bincount(table.col, table.data)
    told = np.log(table.data * table.data.sum() / (own[table.row] * theirs[table.col]))
    shared = csr_array((np.maximum(told, 0.0), (table.row, table.col)), shape=size)
    if min(size) <= _DIMENSIONS + 1:
        return _of_length_one(shared.toarray())
    left, strength, _ = svds(shared, _DIMENSIONS, v0=np.ones(min(size)))
    return _of_length_one(left * np.sqrt(strength))


def _nearest(known: Sequence[str], vectors: Floats, leaning: Floats | None, similarity: float) -> dict[str, list[str]]:
    found = {}
    for start in range(0, len(known), _AT_ONCE):
        cosines = vectors[start : start + _AT_ONCE] @ vectors.T
        for row, likeness in enumerate(cosines):
            word = start + row
            likeness[word] = -1.0
            best = np.argsort(-likeness, kind="stable")[: 10 * _NEAREST]
            best = best[likeness[best] >= similarity]
            if leaning is not None:
                best = best[np.abs(leaning[best] - leaning[word]).sum(axis=1) / 2 <= _LEANING]
            if len(best):
                found[known[word]] = [known[int(at)] for at in best[:_NEAREST]]
    return found


def _leaning(texts: Sequence[Sequence[str]], known: Sequence[str], examples: Examples, tools: RecipeTools) -> Floats:
    """Return each word's share of labels, drawn towards the usual one, shape (words, labels)."""
    number = {label: place for place, label in enumerate(tools.labels)}
    held = [[number[name] for name in names_in(label, tools.kind)] for label in examples.labels]
    usual = np.bincount([one for each in held for one in each], minlength=len(number)).astype(np.float64)
    usual /= max(usual.sum(), 1.0)
    counts = defaultdict[str, npt.NDArray[np.float64]](lambda: 2 * usual)
    for words, each in zip(texts, held, strict=True):
        for word in set(words):
            if each:
                counts[word] = counts[word] + np.bincount(each, minlength=len(number)) / len(each)
    table = np.stack([counts[word] for word in known])
    found: Floats = (table / np.maximum(table.sum(axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return found


def _carries_meaning(word: str) -> bool:
    """Return whether a word may be replaced at all: numbers and single letters may not."""
    return word.isalpha() and (len(word) > 1 or is_character(word))


def _of_length_one(vectors: npt.NDArray[np.float64]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Floats = np.where(lengths > 1e-9, vectors / np.maximum(lengths, 1e-9), 0.0).astype(np.float32)
    return found
