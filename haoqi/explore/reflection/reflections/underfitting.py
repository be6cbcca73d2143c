"""It does not even know what it learnt from (Geman et al., 1992, doi:10.1162/neco.1992.4.1.1).

Where the training examples are answered hardly better than others, and both badly, the model was held back: too
weak, too short, too few examples. Following them more closely, longer, or with a richer method is worth a try.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, scaled


@reflections.register
@dataclass(frozen=True)
class Underfitting:
    """When a model is held back."""

    accepts: ClassVar[Accepts] = ANYTHING
    asks: ClassVar[bool] = False

    known: Annotated[float, Range(0.0, 1.0)] = 0.9
    """The score on training examples must be below this."""
    gap: Annotated[float, Range(0.0, 1.0)] = 0.05
    """And above the score on others by less than this."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion follows its examples too loosely."""
        closer = [
            *scaled(diagnostics, "strength", 10.0),
            *scaled(diagnostics, "words", 10.0),
            *scaled(diagnostics, "learning_rate", 2.0),
        ]
        plans = in_turn(
            _closest(diagnostics), closer, [*instead(diagnostics, "top_layers"), *instead(diagnostics, "blend")]
        )
        metric = diagnostics.task.metric
        of_one = metric.greater_is_better and metric.most <= 1  # of another metric, nothing says what is well known
        fitted = diagnostics.fitted if plans and of_one else None
        if fitted is None or fitted.score >= self.known or fitted.score - diagnostics.score >= self.gap:
            return []
        evidence = {"known": fitted.score, "unknown": diagnostics.score, "gap": fitted.score - diagnostics.score}
        return raised(
            diagnostics, "underfitting", plans, evidence, explains=(self.known - fitted.score) / (1 - diagnostics.score)
        )


def _closest(diagnostics: ChampionDiagnostics) -> list[Plan]:
    """Return the champion's plan with much more of whatever may hold it back."""
    more = [replace(diagnostics.plan, share=1.0, seed=0)] if diagnostics.plan.share < 1 else []
    return [
        *more,
        *scaled(diagnostics, "strength", 100.0),
        *scaled(diagnostics, "words", 100.0),
        *scaled(diagnostics, "epochs", 2.0),
    ]
