"""Copies of texts with some words changed, in whose labels every span still stands on its words."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.config import Range
from haoqi.data.answers import Accepts, AnswerKind
from haoqi.data.examples import Examples, Span
from haoqi.data.recipes import RecipeTools, Words
from haoqi.data.recipes._rows import with_rows

Free = npt.NDArray[np.bool_]

# (words, which of them stand in no span, chance) to the new words, as many; an empty one is left out.
Change = Callable[[list[str], Free, np.random.Generator], list[str]]


@dataclass(frozen=True)
class Line:
    """One row, word by word."""

    text: str
    label: Any
    words: Words

    def spelt(self) -> list[str]:
        """Return the words."""
        return [self.text[start:end] for start, end in self.words]

    def free(self, kind: AnswerKind) -> Free:
        """Return which words stand in no span, shape (words,)."""
        spans = self.label or () if kind.of_words else ()
        return np.array([not any(s < end and start < e for s, e, _ in spans) for start, end in self.words], bool)

    def rewritten(self, new: Sequence[str], kind: AnswerKind) -> "Line":
        """Return the row with other words, the space between them kept.

        A word that is left out takes the space before it along.

        Args:
            new: as many as there are words; words in spans are not left out.
            output: whether labels are spans, which move with their words.
        """
        pieces: list[str] = []
        places: list[tuple[int, int]] = []
        starts, ends = dict[int, int](), dict[int, int]()
        length, at = 0, 0
        for (start, end), word in zip(self.words, new, strict=True):
            gap = self.text[at:start] if length else ""
            at = end
            if word:
                pieces += [gap, word]
                starts[start] = length + len(gap)
                length = ends[end] = starts[start] + len(word)
                places.append((starts[start], length))
        label = self.label
        if kind.of_words:
            label = tuple(Span(starts[start], ends[end], kind) for start, end, kind in self.label or ())
        return Line("".join(pieces) + self.text[at:].rstrip(), label, tuple(places))


def lines_of(examples: Examples, tools: RecipeTools) -> list[Line]:
    """Return every row, word by word."""
    return [Line(*row) for row in zip(examples.texts, examples.labels, tools.words(examples), strict=True)]


def _with_changed(examples: Examples, tools: RecipeTools, change: Change, *, copies: int, weight: float) -> Examples:
    """Return the examples, and after them copies whose words were changed; a copy that came out as it was is left out.

    Args:
        examples: what is there.
        tools: its seed decides.
        change: what is done to a row's words.
        copies: of each row.
        weight: how much all copies of a row count together, as a share of it.
    """
    rng, lines = tools.rng("words"), lines_of(examples, tools)
    rows: list[int] = []
    new: list[Line] = []
    for _ in range(copies):
        for row, line in enumerate(lines):
            spelt = line.spelt()
            changed = change(spelt, line.free(tools.kind), rng)
            if changed != spelt and any(changed):
                rows.append(row)
                new.append(line.rewritten(changed, tools.kind))
    return with_rows(examples, rows, weight / copies, **columns_of(new, examples))


def columns_of(lines: Sequence[Line], examples: Examples) -> dict[str, Any]:
    """Return the columns that rewritten rows have of their own."""
    columns: dict[str, Any] = {"texts": [line.text for line in lines], "labels": [line.label for line in lines]}
    if examples.words is not None:
        columns["words"] = [line.words for line in lines]
    return columns


# Not texts with marks in them, which are no words to be changed.
_TEXTS = Accepts(units=frozenset({"text", "word"}), raw=frozenset({"logits", "numbers"}), pairs=True)


@dataclass(frozen=True)
class Copies(ABC):
    """A recipe that adds copies of texts with some words changed; what becomes of the words is the recipe's own.

    Of pairs the first text is changed and the second stays; numbers stay as they are.
    """

    accepts: ClassVar[Accepts] = _TEXTS
    needs: ClassVar[frozenset[str]] = frozenset()

    share: Annotated[float, Range(0.01, 0.5)] = 0.1
    """Of a text's words, how many are changed."""
    copies: Annotated[int, Range(1, 16, search=False)] = 1
    """Copies of each text."""
    weight: Annotated[float, Range(0.05, 2.0)] = 0.5
    """How much all copies of a text count together against the text itself."""

    @property
    def growth(self) -> float:
        """As many rows more as there are copies."""
        return 1.0 + self.copies

    @abstractmethod
    def change(self, examples: Examples, tools: RecipeTools) -> Change:
        """Return what is done to a row's words, having looked at the examples where that helps."""

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples and their changed copies."""
        return _with_changed(examples, tools, self.change(examples, tools), copies=self.copies, weight=self.weight)


def chosen(free: Free, share: float, rng: np.random.Generator) -> list[int]:
    """Return which of the words that are free are drawn, one at least where there is one, in order.

    Args:
        free: which may be drawn.
        share: of these, how likely each is.
        rng: the only source of chance.
    """
    places = np.flatnonzero(free)
    drawn = places[rng.random(len(places)) < share]
    if not len(drawn) and len(places):
        drawn = rng.choice(places, 1)
    return [int(place) for place in drawn]


def is_word(word: str) -> bool:
    """Return whether a word holds a letter or digit, so that it is no mark."""
    return any(letter.isalnum() for letter in word)


def is_character(word: str) -> bool:
    """Return whether a word is one character of a script without spaces, such as Chinese.

    >>> is_character("好"), is_character("a"), is_character("。")
    (True, False, False)
    """
    return len(word) == 1 and word.isalpha() and word > "\u2e7f"
