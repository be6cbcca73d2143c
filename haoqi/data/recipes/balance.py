"""Rare labels count for more (Cui et al., 2019, arXiv:1901.05555, on why less than all the way).

Each row is weighed by how rare its rarest label is, or rows of rare labels are repeated. Prefer it where the metric
counts every label alike (macro-F1) and some have few examples; a strength below 1 is often best, and where labels are
even it changes nothing.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Choices, Range
from haoqi.core.say import say
from haoqi.data.answers import CLASSES_AND_PAIRS, Accepts, AnswerKind
from haoqi.data.examples import Examples, Weights
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._rows import names_in, percent

# No row counts more often than this against the usual one, however rare its label.
_HEAVIEST = 10.0


@recipes.register
@dataclass(frozen=True)
class Balance:
    """How far labels are evened out, and by which means."""

    accepts: ClassVar[Accepts] = CLASSES_AND_PAIRS
    needs: ClassVar[frozenset[str]] = frozenset()

    strength: Annotated[float, Range(0.0, 1.0)] = 0.5
    """0: labels stay as they are; 1: all count the same."""
    by: Annotated[str, Choices("weights", "rows")] = "weights"
    """Whether rows are weighed, or repeated."""

    @property
    def growth(self) -> float:
        """Repeated rows are twice as many at most where half of the rows are common."""
        return 1.0 + self.strength if self.by == "rows" else 1.0

    def words(self) -> str:
        """Return what a plan learns from."""
        how = "weighed" if self.by == "weights" else "repeated"
        return say(f"recipe.balance_{how}", share=percent(self.strength))

    def apply(self, examples: Examples, tools: RecipeTools) -> Examples:
        """Return the same rows with other weights, or some of them repeated."""
        factors = self._factors(examples, tools.kind)
        if self.by == "weights":
            weights = examples.counting * factors
            scale = examples.counting.sum() / max(weights.sum(), 1e-12)
            return replace(examples, weights=(weights * scale).tolist())
        # The commonest rows stay once; a part of a repetition is left to chance.
        times = factors / factors.min(initial=np.inf)
        counts = np.floor(np.minimum(times, _HEAVIEST) + tools.rng("rows").random(len(times))).astype(np.int64)
        return examples.take(np.repeat(np.arange(len(examples)), np.maximum(counts, 1)))

    def _factors(self, examples: Examples, kind: AnswerKind) -> Weights:
        """Return how much each row should count, by its rarest label; rows without any count 1, shape (n,)."""
        held = [names_in(label, kind) for label in examples.labels]
        totals = defaultdict[str, float](float)
        for names, weight in zip(held, examples.counting, strict=True):
            for name in names:
                totals[name] += weight
        mean = sum(totals.values()) / max(1, len(totals))
        factor = {name: min(_HEAVIEST, mean / max(total, 1e-9)) ** self.strength for name, total in totals.items()}
        return np.array([max((factor[name] for name in names), default=1.0) for names in held], dtype=np.float64)
