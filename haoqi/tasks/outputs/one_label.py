"""One label per text: softmax, with a fitted temperature."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples, Label
from haoqi.evaluate.metric import Array
from haoqi.evaluate.predictions import Predictions
from haoqi.tasks.outputs.cells import read_name
from haoqi.tasks.outputs.probability import class_loss, fit_temperature, leads, softmax, thinned
from haoqi.tasks.task import Scores


@dataclass(frozen=True)
class OneLabel:
    """Answers that are one class out of a list."""

    name = "label"

    def read(self, raw: object) -> Label:
        """Return a cell as a class name: "1" for 1 and for 1.0.

        Raises:
            ValueError: if the cell is blank or a list.
        """
        return read_name(raw)

    def vocabulary(self, labels: Iterable[Label]) -> tuple[str, ...]:
        """Return the classes that occur, sorted."""
        return tuple(sorted({str(label) for label in labels if label is not None}))

    def width(self, labels: tuple[str, ...]) -> int:
        """Return one score per class."""
        return len(labels)

    def targets(self, examples: Examples, labels: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """Return the place of each example's class in labels, shape (n,).

        Raises:
            ValueError: if an example is unlabelled or its class is not among the labels.
        """
        place = {label: index for index, label in enumerate(labels)}
        try:
            return np.array([place[label] for label in examples.labels], dtype=np.int64)
        except KeyError as error:
            raise ValueError(f"the class {error.args[0]!r} is not one of the task's {len(labels)} labels") from None

    def decode(self, scores: Scores, examples: Examples, labels: tuple[str, ...], **calibration: Any) -> Predictions:
        """Return the likeliest class of each example, and the probability of every class."""
        given = np.asarray(scores, dtype=np.float64).reshape(len(examples), len(labels))
        probabilities = softmax(given, float(calibration.get("temperature", 1.0)))
        best = probabilities.argmax(axis=1)
        return Predictions(
            labels=[labels[index] for index in best],
            confidence=probabilities[np.arange(len(best)), best],
            probabilities=probabilities.astype(np.float32),
        )

    def margins(
        self, scores: Scores, labels: tuple[str, ...], *, answered: Scores | None = None, **calibration: Any
    ) -> Array:
        """Return by how much the answer's score is above the best of the others, shape (n,).

        >>> OneLabel().margins(np.array([[3, 1, 2]]), ("a", "b", "c"))
        array([1.])
        """
        return leads(scores, scores if answered is None else answered)

    def calibrate(self, scores: Scores, examples: Examples, labels: tuple[str, ...]) -> dict[str, Any]:
        """Return the temperature under which the right classes are likeliest; unlabelled examples are left out."""
        place = {label: index for index, label in enumerate(labels)}
        rows = [row for row, label in enumerate(examples.labels) if label in place]
        if not rows:
            return {"temperature": 1.0}
        rows = [rows[index] for index in thinned(len(rows), len(labels))]
        given = np.asarray(scores, dtype=np.float64)[rows]
        targets = np.array([place[examples.labels[row]] for row in rows], dtype=np.int64)
        return {"temperature": fit_temperature(lambda temperature: class_loss(given, targets, temperature))}

    def show(self, label: Label, text: str) -> str:
        """Return the class."""
        return str(label)
