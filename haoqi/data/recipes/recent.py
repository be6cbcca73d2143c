"""Newer rows count for more (exponential forgetting: Klinkenberg, 2004, Intelligent Data Analysis 8:281).

What people write changes, and what will be asked is nearer to the latest examples. Prefer it where rows are dated and
the report finds that newer texts are answered worse; where nothing drifts, it only throws evidence away.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._rows import percent


@recipes.register
@dataclass(frozen=True)
class Recent:
    """How fast rows age."""

    accepts: ClassVar[Accepts] = ANYTHING
    needs: ClassVar[frozenset[str]] = frozenset()

    half_life: Annotated[float, Range(0.02, 2.0, log=True)] = 0.25
    """After which share of the time that the examples span a row counts half."""

    @property
    def growth(self) -> float:
        """No row is added."""
        return 1.0

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.recent", share=percent(self.half_life))

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the examples with weights by age, in all as heavy as before.

        Raises:
            UserError: if the rows have no dates.
        """
        if examples.times is None:
            raise UserError("the examples have no dates to tell new from old", "name their column with --time COLUMN")
        times = np.asarray(examples.times, dtype=np.float64)
        span = max(float(np.ptp(times)), 1e-9) if len(times) else 1.0
        weights = examples.counting * 0.5 ** ((times.max(initial=-np.inf) - times) / (self.half_life * span))
        scale = examples.counting.sum() / max(float(weights.sum()), 1e-12)
        return replace(examples, weights=(weights * scale).tolist())
