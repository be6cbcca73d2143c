"""A number per text, with an interval that holds the right one as often as was asked (split conformal prediction).

Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-free predictive inference for regression", 2018,
arXiv:1604.04173: the distance that is not exceeded by a share of the errors on examples that a model did not learn
holds for texts like them.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import NUMBER
from haoqi.data.examples import Examples, Label
from haoqi.evaluate.metric import Array, Metric
from haoqi.evaluate.predictions import Predictions
from haoqi.tasks.outputs.cells import read_number
from haoqi.tasks.task import Scores

LEVEL = 0.9
"""The share of right numbers that an interval is to hold."""

HARDLY = 0.02
"""Two answers are the same if they differ by no more than this share of half an interval."""


@dataclass(frozen=True)
class Number:
    """Answers that are one number."""

    name = "number"
    kind = NUMBER
    width = 1

    def read(self, raw: object) -> Label:
        """Return a cell as a number.

        Raises:
            ValueError: if the cell is blank or holds none.
        """
        return read_number(raw)

    def targets(self, examples: Examples) -> npt.NDArray[np.float32]:
        """Return the numbers, shape (n,).

        Raises:
            ValueError: if an example is unlabelled.
        """
        if missing := [examples.ids[row] for row, label in enumerate(examples.labels) if label is None]:
            raise ValueError(f"example {missing[0]} is unlabelled")
        return np.asarray(examples.labels, dtype=np.float32)

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return the number of each example, with its interval where one was fitted."""
        found = np.asarray(scores, dtype=np.float64).reshape(len(examples))
        half = calibration.get("half_width")
        intervals = None if half is None else np.column_stack([found - half, found + half])
        return Predictions(labels=[float(f"{one:.7g}") for one in found], intervals=intervals)

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return how much nearer than hardly different numbers are to those that are meant, shape (n,)."""
        given = np.asarray(scores, dtype=np.float64).reshape(len(scores))
        meant = given if answered is None else np.asarray(answered, dtype=np.float64).reshape(len(given))
        found: Array = _tolerance(calibration) - np.abs(given - meant)
        return found

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return half the width of the interval that holds LEVEL of the right numbers, of all where they are few."""
        rows = [row for row, label in enumerate(examples.labels) if label is not None]
        if not rows:
            return {}
        true = np.asarray([examples.labels[row] for row in rows], dtype=np.float64)
        off = np.sort(np.abs(np.asarray(scores, dtype=np.float64).reshape(len(examples))[rows] - true))
        place = min(len(off), math.ceil((len(off) + 1) * LEVEL)) - 1
        return {"half_width": float(off[place]), "level": LEVEL}

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two numbers hardly differ, measured by how sure they are."""
        assert isinstance(one, float) and isinstance(other, float)
        return abs(one - other) <= _tolerance(calibration)

    def show(self, label: Label, text: str) -> str:
        """Return the number with four digits.

        >>> Number().show(3.14159, "")
        '3.142'
        """
        return f"{label:.4g}" if isinstance(label, float) else str(label)


def _tolerance(calibration: Any) -> float:
    return HARDLY * float(calibration.get("half_width", 0.0)) + 1e-9
