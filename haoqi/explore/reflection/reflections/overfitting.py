"""It knows what it learnt from much better than what it did not (Geman et al., 1992, doi:10.1162/neco.1992.4.1.1).

A model that follows its examples too closely learns their accidents: wrong labels, rare words. The gap between
the two scores is its variance, and following the examples less closely, or blurring them, trades some of it in.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import chance_of_fewer
from haoqi.explore.reflection.reflections._remedies import in_turn, raised, recipe, scaled, varied


@reflections.register
@dataclass(frozen=True)
class Overfitting:
    """When a gap is worth an experiment."""

    accepts: ClassVar[Accepts] = ANYTHING
    asks: ClassVar[bool] = False

    gap: Annotated[float, Range(0.0, 1.0)] = 0.05
    """How much better the score on training examples must be."""
    known: Annotated[float, Range(0.0, 1.0)] = 0.85
    """What it must be at least: a model that knows neither well does not follow too closely."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.01
    """The gap must be less likely than this to be luck."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion follows its examples too closely."""
        plans = in_turn(
            [
                *scaled(diagnostics, "strength", 0.1),
                *scaled(diagnostics, "words", 0.1),
                *scaled(diagnostics, "epochs", 0.5),
            ],
            [*scaled(diagnostics, "strength", 0.01), *scaled(diagnostics, "words", 0.01), *_tamed(diagnostics)],
            [*varied(diagnostics, mixup=0.4), *recipe(diagnostics, "delete_words")],
        )
        fitted = diagnostics.fitted if plans else None
        if fitted is None or fitted.score < self.known or fitted.score - diagnostics.score < self.gap:
            return []
        luck = chance_of_fewer(
            (int(diagnostics.right.sum()), len(diagnostics.right)), (int(fitted.right.sum()), len(fitted.right))
        )
        if luck > self.chance:
            return []
        evidence = {"known": fitted.score, "unknown": diagnostics.score, "gap": fitted.score - diagnostics.score}
        explains = (fitted.score - diagnostics.score) / max(1e-9, 1 - diagnostics.score)
        return raised(diagnostics, "overfitting", plans, evidence, explains=explains)


def _tamed(diagnostics: ChampionDiagnostics) -> list[Plan]:
    """Return the champion's plan with what tames a training, the likeliest to help first, as far as it has it."""
    hides = getattr(diagnostics.settings, "dropout", 0.0) or 0.1
    return [
        *varied(diagnostics, r_drop=1.0, dropout=hides),
        *varied(diagnostics, adversarial="fgm"),
        *varied(diagnostics, label_smoothing=0.1),
    ]
