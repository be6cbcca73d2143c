"""It is surer, or less sure, than it is right (Guo et al., 2017, arXiv:1706.04599).

The gap between confidence and accuracy is set against what a model with these very confidences would show if it
were honest (consistency resampling; Bröcker and Smith, 2007, doi:10.1175/WAF993.1). What is tested is not the
score but how honest the probabilities are, by the Brier score.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_AND_PAIRS, Accepts
from haoqi.evaluate.calibration import calibration_error
from haoqi.explore.record.lessons import BRIER, Lesson
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, scaled, shown, varied

SAMPLES = 300


@reflections.register
@dataclass(frozen=True)
class Miscalibration:
    """When confidence cannot be trusted."""

    accepts: ClassVar[Accepts] = CLASSES_AND_PAIRS
    asks: ClassVar[bool] = False

    error: Annotated[float, Range(0.0, 1.0)] = 0.05
    """How far confidence is from accuracy on average, at least."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.01
    """An honest model would show as much less often than this."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that the champion's confidence is wrong."""
        if diagnostics.predictions.probabilities is None or not len(diagnostics.right):
            return []
        confidence = np.asarray(diagnostics.predictions.confidence, dtype=np.float64)
        error = calibration_error(confidence, diagnostics.right)
        draws = diagnostics.rng("calibration").random((SAMPLES, len(confidence))) < confidence
        honest = np.array([calibration_error(confidence, drawn) for drawn in draws])
        if error < self.error or (honest >= error).mean() > self.chance:
            return []
        surest = np.argsort(-confidence, kind="stable")
        wrong = [int(row) for row in surest if not diagnostics.right[row]]
        evidence = {
            "error": error,
            "honest": float(np.quantile(honest, 0.95)),
            "confidence_share": float(confidence.mean()),
            "right_share": float(diagnostics.right.mean()),
        }
        plans = in_turn(
            [*varied(diagnostics, loss="logistic"), *varied(diagnostics, label_smoothing=0.1)],
            scaled(diagnostics, "strength", 0.2),
            [*instead(diagnostics, "logistic"), *instead(diagnostics, "blend")],
        )
        examples = shown(diagnostics, wrong)
        gain = error**2  # what calibration alone adds to the Brier score, were the gap the same everywhere
        return raised(
            diagnostics, "miscalibration", plans, evidence, explains=0.0, examples=examples, measure=BRIER, gain=gain
        )
