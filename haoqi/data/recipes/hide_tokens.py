"""Given words hidden at random, so that none decides alone (Du et al., 2021, arXiv:2103.06922, on shortcuts).

A word that gives the label away for the wrong reason - a source's name, a template's phrase - is hidden in most of the
rows that hold it, so that the rest of the text has to be read. Prefer it where the report names a shortcut; without
words to hide, every word is hidden now and then (word dropout: Iyyer et al., 2015, doi:10.3115/v1/P15-1162).
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import SINGLE_TEXTS, Accepts
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._edits import columns_of, is_word, lines_of
from haoqi.data.recipes._rows import percent


@recipes.register
@dataclass(frozen=True)
class HideTokens:
    """What is hidden, how often, behind what."""

    accepts: ClassVar[Accepts] = SINGLE_TEXTS
    needs: ClassVar[frozenset[str]] = frozenset()

    tokens: tuple[str, ...] = ()
    """Words to hide, in any case; of Chinese, words of several characters too. Empty: any word."""
    share: Annotated[float | None, Range(0.01, 1.0, search=False)] = None
    """How often a word is hidden; where not said, 0.8 for given words and 0.1 for any."""
    mask: str = "…"
    """What stands in a hidden word's place."""

    @property
    def growth(self) -> float:
        """No row is added."""
        return 1.0

    def words(self) -> str:
        """Return what a plan learns from."""
        share = percent(self._chance)
        if not self.tokens:
            return say("recipe.hide_some", share=share)
        return say("recipe.hide_tokens", tokens=", ".join(self.tokens), share=share)

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples, words hidden in place; a row's last word stays."""
        rng, lines = tools.rng("words"), lines_of(examples, tools)
        wanted = {token.casefold() for token in self.tokens}
        longest = max(map(len, wanted), default=1)
        new = []
        for line in lines:
            spelt = line.spelt()
            runs = (
                _runs(spelt, wanted, longest) if wanted else [(at, at + 1) for at, w in enumerate(spelt) if is_word(w)]
            )
            hidden = {at for start, end in runs if rng.random() < self._chance for at in range(start, end)}
            if all(at in hidden for at, word in enumerate(spelt) if is_word(word)):
                hidden = set()
            masked = [self.mask if at in hidden else word for at, word in enumerate(spelt)]
            new.append(line.rewritten(masked, tools.kind) if hidden else line)
        return replace(examples, **columns_of(new, examples))

    @property
    def _chance(self) -> float:
        return self.share if self.share is not None else 0.8 if self.tokens else 0.1


def _runs(words: list[str], wanted: set[str], longest: int) -> list[tuple[int, int]]:
    """Return where the wanted tokens stand, as (first word, one after the last); the longest at each place."""
    found, at = [], 0
    while at < len(words):
        ends = range(min(len(words), at + longest), at, -1)
        end = next((end for end in ends if "".join(words[at:end]).casefold() in wanted), None)
        if end is not None:
            found.append((at, end))
        at = end or at + 1
    return found
