"""Labels that are probably wrong replaced by the likelier ones (Tanaka et al., 2018, arXiv:1803.11364).

Prefer it where wrong labels are confusions that a model sees through and every example is needed; where the model is
wrong itself, it learns its own mistakes, and `soften_suspects` does less harm. The last example of a label keeps it.
"""

from dataclasses import dataclass, replace

from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._suspects import Doubting, find


@recipes.register
@dataclass(frozen=True)
class CorrectSuspects(Doubting):
    """How many labels are replaced."""

    @property
    def growth(self) -> float:
        """As many rows as there were."""
        return 1.0

    def words(self) -> str:
        """Return what a plan learns from."""
        return self.told("recipe.corrected")

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples with other labels for those that are suspect."""
        found = find(examples, tools, self.share)
        labels = list(examples.labels)
        for row, instead in zip(found.rows, found.instead, strict=True):
            labels[row] = instead
        return replace(examples, labels=labels)
