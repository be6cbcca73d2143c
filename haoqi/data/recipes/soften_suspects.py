"""Labels that are probably wrong share their row with a likelier one (Reed et al., 2015, arXiv:1412.6596).

A suspect row counts in part for the label that the models would give it, which is a soft label: two rows of one text
whose weights add up to what the row counted. Prefer it where wrong labels are many or hard to tell from hard
examples: nothing is lost, and less is believed.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from haoqi.core.config import Range
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._rows import with_rows
from haoqi.data.recipes._suspects import Doubting, find


@recipes.register
@dataclass(frozen=True)
class SoftenSuspects(Doubting):
    """How many labels are doubted, and how much."""

    strength: Annotated[float, Range(0.1, 1.0)] = 1.0
    """How far the models are believed: 1 gives the label its chance to be right, and the likelier one the rest."""

    @property
    def growth(self) -> float:
        """A row more for each suspect."""
        return 1.0 + (self.share or 0.1)

    def words(self) -> str:
        """Return what a plan learns from."""
        return self.told("recipe.softened")

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples, each suspect split between its label and the likelier one."""
        found = find(examples, tools, self.share)
        moved = self.strength * found.doubt
        counting = examples.counting
        counting[found.rows] *= 1 - moved
        softened = with_rows(examples, found.rows, moved, labels=found.instead)
        given = softened.counting
        given[: len(examples)] = counting
        return replace(softened, weights=given.tolist()).learnable() if len(found.rows) else examples
