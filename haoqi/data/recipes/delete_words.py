"""Copies of texts that lack some words (random deletion: Wei and Zou, 2019, "EDA", arXiv:1901.11196).

A model that must do without any single word leans on several. Prefer it for short texts and some hundred examples or
fewer; with thousands it seldom pays. In scripts without spaces single characters are left out.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._edits import Change, Copies, Free, chosen, is_word
from haoqi.data.recipes._rows import percent


@recipes.register
@dataclass(frozen=True)
class DeleteWords(Copies):
    """How many words go, and how much the copies count."""

    share: Annotated[float, Range(0.01, 0.5)] = 0.1
    """Of a text's words, how many go; one at least, never one within a span, never all."""

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.delete_words", share=percent(self.share))

    def change(self, examples: Examples, tools: RecipeTools) -> Change:
        """Return what is done to a row's words."""
        return self._change

    def _change(self, words: list[str], free: Free, rng: np.random.Generator) -> list[str]:
        going = set(chosen(free & np.array([is_word(word) for word in words], bool), self.share, rng))
        left = ["" if place in going else word for place, word in enumerate(words)]
        return left if any(is_word(word) for word in left) else words
