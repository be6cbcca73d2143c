"""Holding a training to its early answers, so that wrong labels are not learnt (Liu et al., 2020, arXiv:2007.00151).

A network learns what most labels say before it learns the wrong ones. Early-learning regularisation holds it to what it
answered so far: beside the cross-entropy a row adds strength times log(1 - <believed, answered>), which takes the pull
away from labels that its own answers contradict. The paper begins from nothing; here a row begins from the chances that
each label is right by models that did not learn it. Prefer it for trainings where wrong labels are evident. Every row
is learnt from, none is left out or changed; where wrong labels are not evident, nothing is.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import Accepts
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._suspects import chances


@recipes.register
@dataclass(frozen=True)
class EarlyLearning:
    """How much early answers count."""

    accepts: ClassVar[Accepts] = Accepts(units=frozenset({"text", "marks"}), exclusive=True, pairs=True)
    instead: ClassVar[str] = "drop_suspects"
    needs: ClassVar[frozenset[str]] = frozenset({"held_out"})

    strength: Annotated[float, Range(0.5, 30.0, log=True)] = 7.0
    """How much beliefs count beside the given label (lambda of the paper)."""

    @property
    def growth(self) -> float:
        """No rows are added."""
        return 1.0

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.early_learning")

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples with what is believed of their labels, where wrong ones are evident."""
        found = chances(examples, tools)
        if found is None:
            return examples
        return replace(examples, beliefs=[tuple(row) for row in (self.strength * found).tolist()])
