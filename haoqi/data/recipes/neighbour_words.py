"""Words replaced by words of like meaning (Wang and Yang, 2015, doi:10.18653/v1/D15-1306, with embeddings; EDA, 2019).

Neighbours come from the training texts themselves: words whose vectors in a base's input table are near, or, without
a base, words that keep the same company. Two words that speak for different labels are no neighbours, as good and
bad would be. Prefer it for short texts with few examples, where `delete_words` takes away too much. In Chinese,
pairs of characters that keep together are words.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import CLASSES, Accepts
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._edits import Change, Copies, Free, chosen
from haoqi.data.recipes._neighbours import Lexicon, learn_lexicon
from haoqi.data.recipes._rows import percent


@recipes.register
@dataclass(frozen=True)
class NeighbourWords(Copies):
    """How many words are replaced, and how near the others have to be."""

    accepts: ClassVar[Accepts] = CLASSES  # which words are neighbours, labels say

    share: Annotated[float, Range(0.01, 0.5)] = 0.15
    """Of the words that have a neighbour, how many are replaced; one at least, never one within a span."""
    similarity: Annotated[float, Range(0.1, 0.95)] = 0.4
    """Least cosine of two words that count as neighbours."""

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.neighbour_words", share=percent(self.share))

    def change(self, examples: Examples, tools: RecipeTools) -> Change:
        """Return what is done to a row's words, by the neighbours found in the examples."""
        tools.report(0.0, say("recipe.neighbour_words.looking"))
        return partial(self._replaced, lexicon=learn_lexicon(examples, tools, self.similarity))

    def _replaced(self, words: list[str], free: Free, rng: np.random.Generator, lexicon: Lexicon) -> list[str]:
        units = lexicon.units(words)
        able = [
            all(free[start:end]) and "".join(words[start:end]).lower() in lexicon.neighbours for start, end in units
        ]
        found = list(words)
        for place in chosen(np.array(able, bool), self.share, rng):
            start, end = units[place]
            old = "".join(words[start:end])
            others = lexicon.neighbours[old.lower()]
            new = others[int(rng.integers(len(others)))]
            found[start:end] = [_cased(new, old), *[""] * (end - start - 1)]
        return found


def _cased(new: str, old: str) -> str:
    """Return a word written as large as the one it replaces."""
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new.capitalize() if old[:1].isupper() else new
