"""Several labels per text, or none: a sigmoid each, with a fitted temperature and thresholds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import SEVERAL_CLASSES
from haoqi.data.examples import Examples, Label
from haoqi.evaluate.metric import Array, Metric
from haoqi.evaluate.predictions import Predictions
from haoqi.tasks.outputs.cells import read_names
from haoqi.tasks.outputs.probability import fit_temperature, logit, sigmoid, thinned
from haoqi.tasks.task import Scores

# A label that is true less often than this has too few examples for a threshold of its own.
FEWEST = 10


@dataclass(frozen=True)
class ManyLabels:
    """Answers that are any number of classes out of a list."""

    name = "labels"
    kind = SEVERAL_CLASSES

    classes: tuple[str, ...] = ()
    """The classes, in the order of a model's scores."""

    def read(self, raw: object) -> Label:
        """Return a cell as class names, sorted; | or ; stands between them.

        Raises:
            ValueError: if the cell is blank; an empty list is an answer.
        """
        return read_names(raw)

    def vocabulary(self, labels: Iterable[Label]) -> tuple[str, ...]:
        """Return the classes that occur, sorted."""
        return tuple(sorted({str(name) for label in labels if isinstance(label, tuple) for name in label}))

    @property
    def width(self) -> int:
        """One score per class."""
        return len(self.classes)

    def targets(self, examples: Examples) -> npt.NDArray[np.float32]:
        """Return 1 where a class applies and 0 elsewhere, shape (n, classes).

        Raises:
            ValueError: if an example is unlabelled or one of its classes is none of the output's.
        """
        place = {label: index for index, label in enumerate(self.classes)}
        found = np.zeros((len(examples), self.width), dtype=np.float32)
        for row, label in enumerate(examples.labels):
            if label is None:
                raise ValueError(f"example {examples.ids[row]} is unlabelled")
            for name in label:
                if name not in place:
                    raise ValueError(f"the class {name!r} is not one of the task's {self.width} labels")
                found[row, place[name]] = 1.0
        return found

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return the classes whose probability reaches their threshold (0.5 where none was fitted).

        The confidence is the probability of exactly this set, if classes are independent of each other.
        """
        given = np.asarray(scores, dtype=np.float64).reshape(len(examples), self.width)
        probabilities = sigmoid(given, float(calibration.get("temperature", 1.0)))
        chosen = probabilities >= self._thresholds(calibration)
        return Predictions(
            labels=[tuple(sorted(self.classes[index] for index in np.flatnonzero(row))) for row in chosen],
            confidence=np.where(chosen, probabilities, 1.0 - probabilities).prod(axis=1),
            probabilities=probabilities.astype(np.float32),
        )

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return how near the nearest score of each example is to its label's threshold, shape (n,)."""
        given = np.asarray(scores, dtype=np.float64)
        meant = given if answered is None else np.asarray(answered, dtype=np.float64)
        bounds = float(calibration.get("temperature", 1.0)) * logit(self._thresholds(calibration))
        found: Array = np.where(meant >= bounds, given - bounds, bounds - given).min(axis=1)
        return found

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return a temperature, and for each class the threshold that gives it the best F1.

        A class with fewer than ten positive examples gets the threshold that is best for all classes
        together (Lipton et al., 2014, arXiv:1402.1892, on thresholds that maximise F1).
        """
        rows = [row for row, label in enumerate(examples.labels) if label is not None]
        if not rows:
            return {"temperature": 1.0, "thresholds": {}}
        given = np.asarray(scores, dtype=np.float64)[rows]
        right = _known(examples.take(rows), self.classes)
        few = thinned(len(rows), self.width)
        temperature = fit_temperature(lambda value: _loss(given[few], right[few], value))
        probabilities = sigmoid(given, temperature)
        shared = best_threshold(probabilities.ravel(), right.ravel())
        thresholds = {
            label: best_threshold(probabilities[:, index], right[:, index])
            if right[:, index].sum() >= FEWEST
            else shared
            for index, label in enumerate(self.classes)
        }
        return {"temperature": temperature, "thresholds": thresholds}

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two answers are equal."""
        return one == other

    def show(self, label: Label, text: str) -> str:
        """Return the classes with commas between them."""
        return ", ".join(map(str, label)) if isinstance(label, tuple) and label else "(none)"

    def _thresholds(self, calibration: Mapping[str, Any]) -> Array:
        known = calibration.get("thresholds", {})
        return np.array([float(known.get(label, 0.5)) for label in self.classes])


def best_threshold(probabilities: Array, right: npt.NDArray[Any]) -> float:
    """Return the threshold on these probabilities with the best F1, midway between two examples; 0.5 without positives.

    Args:
        probabilities: of one class, shape (n,).
        right: 1 where the class applies, shape (n,).
    """
    if not right.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    sorted_probabilities, found = probabilities[order], np.cumsum(right[order])
    scores = 2 * found / (np.arange(1, len(order) + 1) + right.sum())
    following = np.append(sorted_probabilities[1:], 0.0)
    scores[sorted_probabilities == following] = -1.0  # no threshold lies between two equal values
    best = int(scores.argmax())
    if scores[best] <= 0:
        return 0.5
    return round(float((sorted_probabilities[best] + following[best]) / 2), 6)


def _known(examples: Examples, classes: tuple[str, ...]) -> Array:
    members = [frozenset(label) for label in examples.labels]
    return np.array([[float(name in one) for name in classes] for one in members]).reshape(len(members), len(classes))


def _loss(scores: Array, right: Array, temperature: float) -> float:
    """Return the mean negative log probability of each class's truth, smoothed as in `class_loss`."""
    found = np.clip(sigmoid(scores, temperature), 1e-12, 1 - 1e-12)
    doubt = 1.0 / (len(right) + 2.0)
    target = right * (1.0 - doubt) + (1.0 - right) * doubt
    return float(-(target * np.log(found) + (1.0 - target) * np.log1p(-found)).mean())
