"""Copies of texts in which some words changed places (random swap: Wei and Zou, 2019, "EDA", arXiv:1901.11196).

It says that the order of words matters little. Prefer it for topics and intents in short texts with few examples; not
where order decides, as negation does in feelings. In scripts without spaces single characters change places.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._edits import Change, Copies, Free, is_word
from haoqi.data.recipes._rows import percent


@recipes.register
@dataclass(frozen=True)
class SwapWords(Copies):
    """How many words move, and how much the copies count."""

    share: Annotated[float, Range(0.01, 0.5)] = 0.1
    """Swaps per word of a text; one at least, never of a word within a span."""

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.swap_words", share=percent(self.share))

    def change(self, examples: Examples, tools: RecipeTools) -> Change:
        """Return what is done to a row's words."""
        return self._change

    def _change(self, words: list[str], free: Free, rng: np.random.Generator) -> list[str]:
        places = np.flatnonzero(free & np.array([is_word(word) for word in words], bool))
        moved = list(words)
        for _ in range(max(1, round(self.share * len(places))) if len(places) > 1 else 0):
            one, other = (int(place) for place in rng.choice(places, 2, replace=False))
            moved[one], moved[other] = moved[other], moved[one]
        return moved
