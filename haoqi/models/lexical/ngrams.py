"""Counts of word and character n-grams of many texts at once, in arrays.

Texts are cut into tokens, the tokens of all texts are laid end to end as integers, and the n-grams of each
length grow out of those one shorter: an n-gram is the pair (its first n-1 tokens, its last token). So no
string is built per n-gram, rare beginnings are dropped before they grow, and a vocabulary is a few sorted
arrays: this counts three to five times as fast as scikit-learn's vectorisers.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from haoqi.models.lexical.sparse_rows import SparseRows
from haoqi.tasks.words import UNSPACED

if TYPE_CHECKING:  # answering a text must not wait for scipy
    from scipy.sparse import csc_array, csr_array

Integers = npt.NDArray[np.int64]
Unit = Literal["word", "character"]

# Scripts written without spaces between words: each of their characters is a token of its own. Thai, Lao,
# Burmese and Khmer have words of several letters, but finding them takes a dictionary.
_SINGLE = rf"{UNSPACED}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_SINGLES = re.compile(f"[{_SINGLE}]")
# Of the marks, only these two carry feeling; others come between the words of an n-gram and cost accuracy.
_WORD = re.compile(rf"[{_SINGLE}]|[^\W{_SINGLE}]+|[!?！？]")


def unspaced_share(texts: Sequence[str]) -> float:
    """Return the share of characters, white space apart, that belong to scripts without spaces between words.

    >>> unspaced_share(["好的 ok"])
    0.5
    """
    total = sum(len(text) - text.count(" ") for text in texts)
    return sum(len(_SINGLES.findall(text)) for text in texts) / total if total else 0.0


@dataclass(frozen=True)
class Ngrams:
    """The n-grams that were worth a column, and how to count them in any text."""

    unit: Unit
    shortest: int
    longest: int
    tokens: tuple[str, ...]
    """Known tokens; a token's place is its number."""
    keys: tuple[Integers, ...]
    """For each length from 2: (number of the first n-1 tokens) * len(tokens) + last token, ascending."""
    columns: tuple[Integers, ...]
    """For each length from 1: the column of each known n-gram, or -1 where it only begins longer ones."""

    @property
    def width(self) -> int:
        """How many columns there are."""
        return int(sum((columns >= 0).sum() for columns in self.columns))

    def count(self, texts: Sequence[str]) -> SparseRows:
        """Return how often each n-gram occurs, float32, shape (texts, width)."""
        flat, rows = _cut(texts, self.unit)
        codes = np.fromiter((self._numbers.get(token, -1) for token in flat), np.int64, len(flat))
        found_rows, found_columns = [], []
        for length, places, ids in _grow(codes, self.longest, len(self.tokens), breaks=self._breaks, look=self._look):
            column = self.columns[length - 1][ids]
            found_rows.append(rows[places[column >= 0]])
            found_columns.append(column[column >= 0])
        return SparseRows.counted(np.concatenate(found_rows), np.concatenate(found_columns), (len(texts), self.width))

    def only(self, chosen: Integers) -> "Ngrams":
        """Return these n-grams alone, their columns in this order, with no more than it takes to find them.

        Args:
            chosen: their columns, each once.
        """
        numbers = np.full(self.width, -1)
        numbers[chosen] = np.arange(len(chosen))
        columns = [np.where(own >= 0, numbers[own], -1) for own in self.columns]
        needed = [own >= 0 for own in columns]
        if self._breaks >= 0:
            needed[0][self._breaks] = True
        parts = [np.divmod(keys, max(1, len(self.tokens))) for keys in self.keys]
        for length in range(self.longest, 1, -1):
            heads, tails = parts[length - 2]
            kept = needed[length - 1]
            needed[length - 2][heads[kept]] = True
            needed[0][tails[kept]] = True
        renumbered = [_renumber(keep) for keep in needed]
        count, keys = int(needed[0].sum()), []
        for length, (heads, tails) in enumerate(parts, 2):
            kept = needed[length - 1]
            keys.append(renumbered[length - 2][heads[kept]] * count + renumbered[0][tails[kept]])
        tokens = tuple(token for token, keep in zip(self.tokens, needed[0].tolist(), strict=True) if keep)
        own = tuple(own[keep] for own, keep in zip(columns, needed, strict=True))
        return Ngrams(self.unit, self.shortest, self.longest, tokens, tuple(keys), own)

    def names(self) -> list[str]:
        """Return each column's n-gram as text, in column order."""
        joint = "" if self.unit == "character" else " "
        names, known = [""] * self.width, list(self.tokens)
        for length, columns in enumerate(self.columns, 1):
            if length > 1:
                heads, tails = np.divmod(self.keys[length - 2], len(self.tokens))
                known = [known[h] + joint + self.tokens[t] for h, t in zip(heads, tails, strict=True)]
            for name, column in zip(known, columns, strict=True):
                if column >= 0:
                    names[column] = name
        return names

    def as_plain(self, place: int = 0) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """Return what JSON can hold, and arrays by name; their names begin with a place, so that some share a file."""
        facts = {"unit": self.unit, "shortest": self.shortest, "longest": self.longest, "tokens": list(self.tokens)}
        arrays: dict[str, npt.NDArray[Any]] = {f"{place}.columns.{n}": own for n, own in enumerate(self.columns)}
        return facts, arrays | {f"{place}.keys.{n}": own for n, own in enumerate(self.keys)}

    @classmethod
    def from_plain(cls, facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]], place: int = 0) -> "Ngrams":
        """Return what `as_plain` made plain.

        Raises:
            KeyError: if anything is missing.
        """
        longest = facts["longest"]
        keys = tuple(arrays[f"{place}.keys.{n}"] for n in range(longest - 1))
        columns = tuple(arrays[f"{place}.columns.{n}"] for n in range(longest))
        return cls(facts["unit"], facts["shortest"], longest, tuple(facts["tokens"]), keys, columns)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens)}

    @property
    def _breaks(self) -> int:
        return self._numbers.get(" ", -1) if self.unit == "character" else -1

    def _look(self, length: int, places: Integers, keys: Integers) -> Integers:
        known = self.keys[length - 2]
        if not len(known):
            return np.full(len(keys), -1)
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        found: Integers = np.where(known[at] == keys, at, -1)
        return found


def learn_ngrams(
    texts: Sequence[str], unit: Unit, lengths: tuple[int, int], *, least_texts: int = 2, limit: int = 200_000
) -> "tuple[Ngrams, csr_array]":
    """Return the n-grams of some texts, and their counts there.

    Args:
        texts: what to learn from.
        unit: "word" (a run of letters, or a character of a script without spaces; lower case) or
            "character" (of the lower-case text; n-grams do not reach across words, but show their edges).
        lengths: shortest and longest n-gram, in tokens.
        least_texts: in how many texts an n-gram must occur.
        limit: the most columns; the n-grams of most texts are kept.
    """
    import pandas
    from scipy.sparse import csr_array, hstack

    flat, rows = _cut(texts, unit)
    tokens, codes = _number(flat, rows, len(texts), least_texts)
    breaks = tokens.index(" ") if unit == "character" and " " in tokens else -1
    keys: list[Integers] = []
    tables: list[csc_array] = []

    def look(length: int, places: Integers, found: Integers) -> Integers:
        # Hashing takes half the time of the sort in numpy.unique.
        ids, known = pandas.factorize(found, sort=True)
        table = _table(rows[places], ids, (len(texts), len(known)))
        frequent = np.diff(table.indptr) >= least_texts
        keys.append(known[frequent])
        tables.append(table[:, frequent])
        numbers: Integers = _renumber(frequent)[ids]
        return numbers

    for length, places, ids in _grow(codes, lengths[1], len(tokens), breaks=breaks, look=look):
        if length == 1:
            tables.append(_table(rows[places], ids, (len(texts), len(tokens))))
    columns, kept = _choose(tables, lengths[0], limit)
    counts = csr_array(hstack(tables, format="csc")[:, kept])
    return Ngrams(unit, *lengths, tuple(tokens), tuple(keys), columns), counts


def _cut(texts: Sequence[str], unit: Unit) -> tuple[list[str], Integers]:
    """Return the tokens of all texts end to end, an empty one after each text, and each token's text."""
    if unit == "word":
        cut = [[*_WORD.findall(text.lower()), ""] for text in texts]
    else:
        cut = [[*f" {' '.join(text.lower().split())} ", ""] for text in texts]
    lengths = [len(tokens) for tokens in cut]
    return list(chain.from_iterable(cut)), np.repeat(np.arange(len(texts)), lengths)


def _number(flat: list[str], rows: Integers, texts: int, least_texts: int) -> tuple[list[str], Integers]:
    """Return the frequent tokens, sorted, and each place's token number, or -1."""
    found = sorted({*flat} - {""})
    numbers = {token: number for number, token in enumerate(found)} | {"": -1}
    codes = np.fromiter(map(numbers.__getitem__, flat), np.int64, len(flat))
    inside = codes >= 0
    table = _table(rows[inside], codes[inside], (texts, len(found)))
    frequent = np.diff(table.indptr) >= least_texts
    renumbered = np.append(_renumber(frequent), -1)
    return [token for token, keep in zip(found, frequent, strict=True) if keep], renumbered[codes]


def _grow(
    codes: Integers,
    longest: int,
    tokens: int,
    *,
    breaks: int,
    look: Callable[[int, Integers, Integers], Integers],
) -> Iterator[tuple[int, Integers, Integers]]:
    """Yield, for each length, the places where a known n-gram begins and its number.

    Texts are parted by a token that is not known, so no n-gram reaches from one into the next.
    """
    padded = np.append(codes, np.full(longest, -1))
    places = np.flatnonzero(codes >= 0)
    ids = codes[places]
    yield 1, places, ids
    for length in range(2, longest + 1):
        last = padded[places + length - 1]
        keep = last >= 0
        if length > 2:
            keep &= padded[places + length - 2] != breaks
        places = places[keep]
        ids = look(length, places, ids[keep] * tokens + last[keep])
        places, ids = places[ids >= 0], ids[ids >= 0]
        yield length, places, ids


def _choose(tables: "list[csc_array]", shortest: int, limit: int) -> tuple[tuple[Integers, ...], Integers]:
    """Return each n-gram's column, by length, and the n-grams (of all lengths) that have one."""
    frequency = np.concatenate([np.diff(table.indptr) for table in tables])
    frequency[: sum(table.shape[1] for table in tables[: shortest - 1])] = 0
    order = np.argsort(-frequency, kind="stable")[:limit]
    kept = np.sort(order[frequency[order] > 0])
    columns = np.full(len(frequency), -1)
    columns[kept] = np.arange(len(kept))
    edges = np.cumsum([table.shape[1] for table in tables])[:-1]
    return tuple(np.split(columns, edges)), kept


def _table(rows: Integers, columns: Integers, shape: tuple[int, int]) -> "csc_array":
    """Return how often each pair occurs, float32; within a column the rows must come in ascending order."""
    from scipy.sparse import csc_array

    ones = np.ones(len(rows), np.float32)
    table = csc_array((ones, (rows.astype(np.int32), columns.astype(np.int32))), shape=shape)
    table.has_sorted_indices = True  # spares a sort: the conversion keeps the order of rows
    table.sum_duplicates()
    return table


def _renumber(keep: npt.NDArray[np.bool_]) -> Integers:
    return np.where(keep, np.cumsum(keep) - 1, -1)
