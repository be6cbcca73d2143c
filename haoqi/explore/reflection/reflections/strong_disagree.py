"""Strong models disagree, so together they know more than either (Krogh and Vedelsby, 1995, NIPS 7:231-238).

An ensemble is better than its members by as much as they differ. How much there is to win is seen before anything
is fitted: the mean of their probabilities, scored on the judged examples.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_AND_PAIRS, Accepts
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics, correct
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, shown, varied


@reflections.register
@dataclass(frozen=True)
class StrongDisagree:
    """When two models are worth joining."""

    accepts: ClassVar[Accepts] = CLASSES_AND_PAIRS
    asks: ClassVar[bool] = False

    within: Annotated[float, Range(0.0, 1.0)] = 0.05
    """How near to the champion's score the other must be."""
    differ: Annotated[float, Range(0.0, 1.0)] = 0.08
    """On this share of the examples one of them must be right and the other wrong."""
    gain: Annotated[float, Range(0.0, 1.0)] = 0.005
    """By so much the mean of their probabilities must beat the champion."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.2
    """And the p-value of that must be below this; a fresh experiment then decides."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion and another model know different things."""
        if not diagnostics.has_one_label or diagnostics.predictions.probabilities is None:
            return []
        best: list[Lesson] = []
        for other in diagnostics.strong_experiments(self.within)[1:]:
            answers = diagnostics.answers(other)
            theirs = correct(diagnostics.judged, answers)
            apart = diagnostics.right != theirs
            if answers.probabilities is None or apart.mean() < self.differ:
                continue
            found = self._joined(diagnostics, answers.probabilities)
            if found is None or (best and best[0].gain >= found):
                continue
            evidence = {
                "other": other.plan.words(),
                "number": other.number,
                "differ_share": float(apart.mean()),
                "either_share": float((diagnostics.right | theirs).mean()),
                "gain": found,
            }
            plans = in_turn(
                instead(diagnostics, "blend"),
                varied(diagnostics, most_read=1_000_000),
                instead(diagnostics, "top_layers"),
            )
            examples = shown(diagnostics, np.flatnonzero(apart & theirs).tolist())
            best = (
                raised(diagnostics, "strong_disagree", plans, evidence, explains=0.0, examples=examples, gain=found)
                or best
            )
        return best

    def _joined(
        self, diagnostics: ChampionDiagnostics, other: "np.ndarray[tuple[int, int], np.dtype[np.floating]]"
    ) -> float | None:
        """Return what the mean of two models' probabilities gains over the champion, None where it is not enough."""
        mine, task = diagnostics.predictions, diagnostics.task
        assert mine.probabilities is not None
        labels = [task.labels[place] for place in (mine.probabilities + other).argmax(axis=1)]
        joined = task.metric.count(diagnostics.judged, replace(mine, labels=labels), task)
        alone = task.metric.count(diagnostics.judged, mine, task)
        rng = seeds.generator(diagnostics.context.seed, "disagree")
        test = task.metric.compare(joined, alone, rng=rng, samples=500)
        return test.difference if test.difference >= self.gain and test.p_value < self.chance else None
