"""Copies of texts that lack some words (random deletion: Wei and Zou, 2019, "EDA", arXiv:1901.11196).

A model that must do without any single word leans on several. Prefer it for short texts and some hundred examples or
fewer; with thousands it seldom pays. In scripts without spaces single characters are left out.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.examples import Examples
from haoqi.data.recipes import Kit, recipes
from haoqi.data.recipes._edits import Free, chosen, is_word, with_changed
from haoqi.data.recipes._rows import percent


@recipes.register
@dataclass(frozen=True)
class DeleteWords:
    """How many words go, and how much the copies count."""

    outputs: ClassVar[frozenset[str]] = frozenset({"label", "labels", "spans"})
    needs: ClassVar[frozenset[str]] = frozenset()

    share: Annotated[float, Range(0.01, 0.5)] = 0.1
    """Of a text's words, how many go; one at least, never one within a span, never all."""
    copies: Annotated[int, Range(1, 16, search=False)] = 1
    """Copies of each text."""
    weight: Annotated[float, Range(0.05, 2.0)] = 0.5
    """How much all copies of a text count together against the text itself."""

    @property
    def growth(self) -> float:
        """As many rows more as there are copies."""
        return 1.0 + self.copies

    def words(self) -> str:
        """Return what a plan learns from."""
        return f"also from copies without {percent(self.share)} of the words"

    def apply(self, examples: Examples, kit: Kit) -> Examples:
        """Return the examples and their thinner copies."""
        return with_changed(examples, kit, self._change, copies=self.copies, weight=self.weight)

    def _change(self, words: list[str], free: Free, rng: np.random.Generator) -> list[str]:
        going = set(chosen(free & np.array([is_word(word) for word in words], bool), self.share, rng))
        left = ["" if place in going else word for place, word in enumerate(words)]
        return left if any(is_word(word) for word in left) else words
