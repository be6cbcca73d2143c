"""Examples and splits: the rows of data that every room passes on, column by column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


class Turn(NamedTuple):
    """One turn of a dialogue."""

    speaker: str
    """Who speaks: "user", "assistant", "system", or a name."""
    text: str


class Span(NamedTuple):
    """A labelled stretch of a text: text[start:end], counted in characters."""

    start: int
    end: int
    label: str


# The answer of one example: a class, several classes, spans, a number, or a text (as str); None: unlabelled.
Label = str | tuple[str, ...] | tuple[Span, ...] | float | None


@dataclass(frozen=True)
class Examples:
    """Rows of text with their labels; every column present has one entry per row.

    Nothing in it is changed after it was made; `take` and `replace` give new ones.
    """

    texts: list[str]
    """What a model reads: cleaned."""
    labels: list[Any]
    """Of type `Label`; None where a row is unlabelled."""
    ids: list[int]
    """The row's number in the source, from 0: unique, and the same after any splitting.

    Rows that a recipe makes of one row keep its number, so that they can be held together."""
    pairs: list[str] | None = None
    """The second text of each row, for tasks on two texts."""
    contexts: list[str] | None = None
    """What each row's text is to be answered from, as a question is from a passage."""
    turns: list[tuple[Turn, ...]] | None = None
    """What was said before each row's text, in dialogues."""
    files: list[str] | None = None
    """The file of each row that is no text: a picture, a recording."""
    meta: list[Mapping[str, Any]] | None = None
    """What a source says of each row beside, by the names of its columns; as JSON can hold it."""
    known_keys: list[str] | None = field(default=None, compare=False)
    """The rows' keys where they were made when the rows were read; see `keys`."""
    words: list[tuple[tuple[int, int], ...]] | None = None
    """(start, end) of each word where a source or a training cuts other words than `word_offsets`; spans begin and end
    at words. Prepared rows have none."""
    originals: list[str] | None = None
    """The texts as they came, where cleaning changed any."""
    groups: list[str] | None = None
    """Rows of one group stay in one split."""
    times: list[float] | None = None
    """Seconds since 1970, for splits by time."""
    weights: list[float] | None = None
    """How much each row counts in learning, 0 or more; None: 1 each. Metrics never look at it.

    A soft label is several rows of one text whose weights add up to 1."""
    beliefs: list[tuple[float, ...]] | None = None
    """What those who did not learn a row believe of each label, in the task's order, where they doubt what is given.

    A row's chances add up to how much they count beside its own label. Only recipes make them; no file holds any."""

    def __post_init__(self) -> None:
        for one in fields(self):
            column = getattr(self, one.name)
            assert column is None or len(column) == len(self.texts), one.name
        assert self.weights is None or all(0 <= weight < float("inf") for weight in self.weights), "weights"

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return zip(self.texts, self.labels, strict=True)

    def take(self, rows: Sequence[int] | Indices) -> "Examples":
        """Return these rows (positions, not ids), in the order asked for; repeats are allowed."""
        chosen = [int(row) for row in rows]
        columns = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(
            self,
            **{name: [column[row] for row in chosen] for name, column in columns.items() if column is not None},
        )

    @cached_property
    def keys(self) -> list[str]:
        """A name of each row that follows from its content alone, whatever its number, file or split.

        Rows that a recipe makes of one keep its key.
        """
        if self.known_keys is not None:
            return self.known_keys
        texts = self.texts if self.originals is None else self.originals
        columns = [column for column in (self.pairs, self.contexts, self.turns, self.files) if column is not None]
        return [key_of(*row) for row in zip(texts, *columns, strict=True)]

    def query(self, row: int) -> "Query":
        """Return the query of a row."""
        return Query(
            self.texts[row],
            pair=None if self.pairs is None else self.pairs[row],
            context=None if self.contexts is None else self.contexts[row],
            turns=() if self.turns is None else self.turns[row],
            file=None if self.files is None else self.files[row],
        )

    @property
    def whole_texts(self) -> list[str]:
        """All that is read of each row as one text, where only its length or its words count."""
        found = self.texts
        for further in (self.pairs, self.contexts):
            if further is not None:
                found = [f"{text} {other}" for text, other in zip(found, further, strict=True)]
        return found

    @property
    def second_texts(self) -> list[str]:
        """The second text of each row, of tasks on two texts."""
        assert self.pairs is not None or not len(self), "these examples have one text each"
        return self.pairs or []

    def exchanged(self, rows: Sequence[int] | Indices | None = None) -> "Examples":
        """Return the same examples with the two texts of these rows, or of all, exchanged."""
        chosen = set(range(len(self)) if rows is None else map(int, rows))
        sides = [
            (b, a) if row in chosen else (a, b)
            for row, (a, b) in enumerate(zip(self.texts, self.second_texts, strict=True))
        ]
        return replace(self, texts=[one for one, _ in sides], pairs=[other for _, other in sides], known_keys=self.keys)

    @property
    def counting(self) -> Weights:
        """How much each row counts in learning, shape (n,)."""
        return np.ones(len(self)) if self.weights is None else np.asarray(self.weights, dtype=np.float64)

    @property
    def sources(self) -> Indices:
        """The same number for all rows that were made of one, from 0 in order of appearance, shape (n,)."""
        numbers = {number: place for place, number in enumerate(dict.fromkeys(self.ids))}
        return np.fromiter((numbers[number] for number in self.ids), np.int64, len(self))

    @property
    def together(self) -> Indices:
        """The same number for all rows that belong together, from 0 in order of appearance, shape (n,).

        Those are the rows of one group, and where there are no groups those that were made of one.
        """
        if self.groups is None:
            return self.sources
        names = [name or source for name, source in zip(self.groups, self.ids, strict=True)]
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        return np.fromiter((places[name] for name in names), np.int64, len(self))

    def learnable(self) -> "Examples":
        """Return the rows that count for anything, those of weight 0 left out; without weights where all count 1."""
        if self.weights is None:
            return self
        left = self if all(self.weights) else self.take(np.flatnonzero(self.counting))
        return replace(left, weights=None) if (left.counting == 1).all() else left

    @classmethod
    def of(cls, texts: Sequence[str], labels: Sequence[Any] | None = None) -> "Examples":
        """Return examples from plain lists, as a caller in Python has them."""
        given = [None] * len(texts) if labels is None else list(labels)
        return cls(list(texts), given, list(range(len(texts))))

    @classmethod
    def of_queries(cls, queries: Sequence["str | Query"]) -> "Examples":
        """Return queries as examples without labels; a column that no query has is left out."""
        given = [Query(one) if isinstance(one, str) else one for one in queries]
        columns: dict[str, Any] = {}
        for name in ("pair", "context", "turns", "file"):
            found = [getattr(one, name) for one in given]
            if any(one is not None and one != () for one in found):
                columns[_COLUMN.get(name, f"{name}s")] = ["" if one is None else one for one in found]
        return replace(cls.of([one.text for one in given]), **columns)

    @classmethod
    def join(cls, parts: Sequence["Examples"]) -> "Examples":
        """Return the rows of several examples one after another; a column missing in any is dropped.

        Weights are not dropped: rows without one count 1.
        """
        columns: dict[str, Any] = {}
        weighed = any(part.weights is not None for part in parts)
        for one in fields(cls):
            found = [getattr(part, one.name) for part in parts]
            if one.name == "weights" and weighed:
                found = [part.counting.tolist() for part in parts]
            columns[one.name] = None if any(c is None for c in found) else [x for c in found for x in c]
        return cls(**columns)


@dataclass(frozen=True)
class Query:
    """What one example asks, where a task needs more than one text."""

    text: str
    pair: str | None = None
    """The second text."""
    context: str | None = None
    """What is to be answered from."""
    turns: tuple[Turn, ...] = ()
    """What was said before."""
    file: str | None = None

    def __str__(self) -> str:
        """Return the query on one line, as a person reads it."""
        return " | ".join(" ".join(one.split()) for one in (self.text, self.pair, self.context) if one)


_COLUMN = {"turns": "turns"}


def key_of(*content: Any) -> str:
    """Return a row's key: 16 hexadecimal digits that follow from its content.

    >>> key_of("Good film.") == key_of("Good film."), len(key_of("Good film."))
    (True, 16)
    """
    from hashlib import blake2b

    total = blake2b(digest_size=8)
    for piece in content:
        spelt = (piece if isinstance(piece, str) else repr(piece)).encode("utf-8", "surrogatepass")
        total.update(len(spelt).to_bytes(8, "little") + spelt)
    return total.hexdigest()


@dataclass(frozen=True)
class Splits:
    """What is learnt from, what decisions look at, and what only the release looks at."""

    train: Examples
    valid: Examples
    test: Examples
    unlabelled: Examples | None = None
    given: bool = False
    """Whether the source came with its own test split."""
