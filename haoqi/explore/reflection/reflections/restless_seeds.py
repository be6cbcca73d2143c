"""Another seed gives another model (Dodge et al., 2020, arXiv:2002.06305; Mosbach et al., 2021, arXiv:2006.04884).

Where two seeds of one plan answer many examples differently, the fit was not finished or not steady: smaller
and more steps, with more time to warm up, usually calm it, so does the mean of the last weights, and what calms it
also scores better.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_AND_PAIRS, Accepts
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics, correct
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import chance_of_turn
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, scaled, shown, varied


@reflections.register
@dataclass(frozen=True)
class RestlessSeeds:
    """When seeds differ too much."""

    accepts: ClassVar[Accepts] = CLASSES_AND_PAIRS
    asks: ClassVar[bool] = False

    differ: Annotated[float, Range(0.0, 1.0)] = 0.1
    """On this share of the examples one seed is right and the other wrong, or"""
    spread: Annotated[float, Range(0.0, 1.0)] = 0.03
    """their scores are so far apart, and that is no luck of the examples."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.05
    """How likely such a difference in scores would be between equal models."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion's plan gives restless models."""
        runs = diagnostics.history.seeds_of(diagnostics.plan)
        if len(runs) < 2:
            return []
        rights = [correct(diagnostics.judged, diagnostics.answers(one)) for one in runs]
        apart = np.array([(one != other).mean() for one, other in combinations(rights, 2)])
        scores = [one.score for one in runs if one.score is not None]
        best, worst = rights[int(np.argmax(scores))], rights[int(np.argmin(scores))]
        luck = chance_of_turn(int((best & ~worst).sum()), int((worst & ~best).sum()))
        spread = max(scores) - min(scores)
        if apart.max() < self.differ and not (spread >= self.spread and luck < self.chance):
            return []
        evidence = {"count": len(runs), "spread": spread, "differ_share": float(apart.max())}
        calmer = [*varied(diagnostics, **_calmer(diagnostics)), *scaled(diagnostics, "epochs", 2.0)]
        steadier = [*varied(diagnostics, average=0.5), *scaled(diagnostics, "learning_rate", 0.5)]
        plans = in_turn(calmer, steadier, instead(diagnostics, "probe"))
        examples = shown(diagnostics, np.flatnonzero(best != worst).tolist())
        explains = float(apart.max()) / max(1e-9, 1 - float(np.mean(rights)))
        return raised(diagnostics, "restless_seeds", plans, evidence, explains=min(1.0, explains), examples=examples)


def _calmer(diagnostics: ChampionDiagnostics) -> dict[str, float]:
    """Return smaller and more steps: half the step size, twice the epochs, where there are such settings."""
    changed = {}
    for name, factor in (("learning_rate", 0.5), ("epochs", 2.0)):
        for plan in scaled(diagnostics, name, factor):
            changed[name] = plan.varied.get(name, getattr(type(diagnostics.settings)(), name))
    return changed
