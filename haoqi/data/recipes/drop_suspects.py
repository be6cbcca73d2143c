"""Learning without the labels that are probably wrong (Northcutt et al., 2021, arXiv:1911.00068).

Cheap models that did not see a row say how likely its label is; the least likely ones are left out. Prefer it where
labels were given in haste and there are enough of them; hard examples are mistaken for wrong ones, so that a small
share is safer. The last example of a label always stays.
"""

from dataclasses import dataclass

import numpy as np

from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._suspects import Doubting, find


@recipes.register
@dataclass(frozen=True)
class DropSuspects(Doubting):
    """How many are left out."""

    @property
    def growth(self) -> float:
        """Fewer rows come out."""
        return 1.0

    def words(self) -> str:
        """Return what a plan learns from."""
        return self.told("recipe.dropped")

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples that are not suspect."""
        going = find(examples, tools, self.share).rows
        return examples.take(np.setdiff1d(np.arange(len(examples)), going))
