"""How relevant an item is to a query, as the grade to be expected: of grades 0 and 1 it is a probability."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core.say import say
from haoqi.data.answers import NUMBER
from haoqi.data.examples import Examples, Label
from haoqi.evaluate.metric import Array, Metric
from haoqi.evaluate.predictions import Predictions
from haoqi.tasks.outputs.cells import read_number
from haoqi.tasks.outputs.number import HARDLY, LEVEL, Number
from haoqi.tasks.task import Scores

# A curve that is steeper or flatter than this, in grades of the whole range per spread of the scores, tells no more.
_STEEPEST, _FLATTEST = 20.0, 0.05


@dataclass(frozen=True)
class Relevance:
    """Answers that are a grade of at least 0; the order of scores is never changed by calibration."""

    name = "relevance"
    kind = NUMBER
    width = 1

    def read(self, raw: object) -> Label:
        """Return a cell as a grade.

        Raises:
            ValueError: if the cell is blank, holds no number, or one below 0.
        """
        found = float(raw) if isinstance(raw, bool) else read_number(raw)
        if found < 0:
            raise ValueError(say("cell.negative", cell=f"{found:g}"))
        return found

    def targets(self, examples: Examples) -> npt.NDArray[np.float32]:
        """Return the grades, shape (n,).

        Raises:
            ValueError: if an example is unlabelled.
        """
        return Number().targets(examples)

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return the expected grade of each item, with an interval within the grades where one was fitted."""
        found = _grades(np.asarray(scores, dtype=np.float64).reshape(len(examples)), calibration)
        half = calibration.get("half_width")
        if half is None:
            return Predictions(labels=found.tolist())
        ends = np.column_stack([found - half, found + half])
        low, high = calibration.get("least", -math.inf), calibration.get("most", math.inf)
        return Predictions(labels=found.tolist(), intervals=np.clip(ends, low, high))

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return how much nearer than hardly different scores are to those that are meant, shape (n,)."""
        given = np.asarray(scores, dtype=np.float64).reshape(len(scores))
        meant = given if answered is None else np.asarray(answered, dtype=np.float64).reshape(len(given))
        span = float(calibration.get("most", 1.0)) - float(calibration.get("least", 0.0))
        steepest = span * float(calibration["slope"]) / 4 if "slope" in calibration else 1.0
        found: Array = _tolerance(calibration) / max(steepest, 1e-9) - np.abs(given - meant)
        return found

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return the rising logistic curve from scores to grades with the least squared error, and an interval's half.

        Between the least and the greatest grade there is: Platt, "Probabilistic outputs for support vector machines",
        1999, for grades. Nothing is fitted where all grades are the same.
        """
        rows = [row for row, label in enumerate(examples.labels) if label is not None]
        true = np.asarray([examples.labels[row] for row in rows], dtype=np.float64)
        given = np.asarray(scores, dtype=np.float64).reshape(len(examples))[rows]
        if not len(rows) or true.min() == true.max():
            return {}
        spread = float(given.std()) or 1.0
        low, high = float(true.min()), float(true.max())
        slope, shift = _fit_curve((given - given.mean()) / spread, (true - low) / (high - low))
        fitted = {"slope": slope / spread, "shift": shift - slope * float(given.mean()) / spread}
        found: dict[str, Any] = {"least": low, "most": high, **fitted}
        off = np.sort(np.abs(_grades(given, found) - true))
        place = min(len(off), math.ceil((len(off) + 1) * LEVEL)) - 1
        return {**found, "half_width": float(off[place]), "level": LEVEL}

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two grades hardly differ, measured by how sure they are."""
        assert isinstance(one, float) and isinstance(other, float)
        return abs(one - other) <= _tolerance(calibration)

    def show(self, label: Label, text: str) -> str:
        """Return the grade with three digits.

        >>> Relevance().show(0.98765, "")
        '0.988'
        """
        return f"{label:.3g}" if isinstance(label, float) else str(label)


def _fit_curve(scores: Array, shares: Array) -> tuple[float, float]:
    """Return slope, above 0, and shift of the logistic curve with the least cross-entropy, doubted as Platt does."""
    from scipy.optimize import minimize

    doubt = 1.0 / (len(shares) + 2.0)
    wanted = shares * (1 - 2 * doubt) + doubt

    def loss(given: Array) -> float:
        logits = np.exp(given[0]) * scores + given[1]
        return float(np.mean(np.logaddexp(0.0, logits) - wanted * logits))

    bounds = [(math.log(_FLATTEST), math.log(_STEEPEST)), (-30.0, 30.0)]
    found = minimize(loss, np.array([0.0, 0.0]), method="L-BFGS-B", bounds=bounds)
    return float(np.exp(found.x[0])), float(found.x[1])


def _grades(scores: Array, calibration: dict[str, Any]) -> Array:
    from scipy.special import expit

    if "slope" not in calibration:
        return scores
    low, high = float(calibration["least"]), float(calibration["most"])
    found: Array = low + (high - low) * expit(calibration["slope"] * scores + calibration["shift"])
    return found


def _tolerance(calibration: dict[str, Any]) -> float:
    return HARDLY * float(calibration.get("half_width", 0.0)) + 1e-9
