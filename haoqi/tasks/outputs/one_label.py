"""One label per text: softmax, with a fitted temperature, and an adjustment to the metric that decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import ONE_CLASS, AnswerKind
from haoqi.data.examples import Examples, Label
from haoqi.data.relation_names import directed, mirrored
from haoqi.evaluate.metric import Array, Metric
from haoqi.evaluate.predictions import Predictions
from haoqi.tasks.outputs.adjustment import fit_offsets
from haoqi.tasks.outputs.cells import read_name
from haoqi.tasks.outputs.probability import class_loss, fit_temperature, leads, log_softmax, thinned
from haoqi.tasks.task import Scores


@dataclass(frozen=True)
class OneLabel:
    """Answers that are one class out of a list."""

    name = "label"

    classes: tuple[str, ...] = ()
    """The classes, in the order of a model's scores."""
    kind: AnswerKind = ONE_CLASS
    """Whether it is the class of a text, or of two stretches that are marked in it."""

    def read(self, raw: object) -> Label:
        """Return a cell as a class name: "1" for 1 and for 1.0.

        Raises:
            ValueError: if the cell is blank or a list.
        """
        return read_name(raw)

    def vocabulary(self, labels: Iterable[Label]) -> tuple[str, ...]:
        """Return the classes that occur, sorted; where labels say a direction, each in both directions."""
        found = {str(label) for label in labels if label is not None}
        if self.kind.of_marks and directed(found):
            found |= {mirrored(label) for label in found}
        return tuple(sorted(found))

    @property
    def width(self) -> int:
        """One score per class."""
        return len(self.classes)

    def targets(self, examples: Examples) -> npt.NDArray[np.int64]:
        """Return the place of each example's class, shape (n,).

        Raises:
            ValueError: if an example is unlabelled or its class is none of the output's.
        """
        place = {label: index for index, label in enumerate(self.classes)}
        try:
            return np.array([place[label] for label in examples.labels], dtype=np.int64)
        except KeyError as error:
            raise ValueError(f"the class {error.args[0]!r} is not one of the task's {self.width} labels") from None

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return the class of each example, and the probability of every class.

        It is the likeliest, unless `calibrate` found offsets: with these a class may be answered that is a little
        less likely than another. The confidence is its own probability in any case.
        """
        given = np.asarray(scores, dtype=np.float64).reshape(len(examples), self.width)
        logs = log_softmax(given, float(calibration.get("temperature", 1.0)))
        probabilities, best = np.exp(logs), (logs + self.offsets(calibration)).argmax(axis=1)
        return Predictions(
            labels=[self.classes[index] for index in best],
            confidence=probabilities[np.arange(len(best)), best],
            probabilities=probabilities.astype(np.float32),
        )

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return by how much the answer's score, adjusted, is above the best of the others, shape (n,).

        >>> OneLabel(("a", "b", "c")).margins(np.array([[3, 1, 2]]))
        array([1.])
        """
        more = float(calibration.get("temperature", 1.0)) * self.offsets(calibration)
        given = np.asarray(scores, dtype=np.float64) + more
        return leads(given, given if answered is None else np.asarray(answered, dtype=np.float64) + more)

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return the temperature under which the right classes are likeliest; unlabelled examples are left out.

        With a metric there are offsets, too, by class: see `fit_offsets`.
        """
        place = {label: index for index, label in enumerate(self.classes)}
        rows = [row for row, label in enumerate(examples.labels) if label in place]
        if not rows:
            return {"temperature": 1.0}
        rows = [rows[index] for index in thinned(len(rows), self.width)]
        given = np.asarray(scores, dtype=np.float64)[rows]
        targets = np.array([place[examples.labels[row]] for row in rows], dtype=np.int64)
        temperature = fit_temperature(lambda temperature: class_loss(given, targets, temperature))
        offsets = {} if metric is None else fit_offsets(log_softmax(given, temperature), targets, self.classes, metric)
        return {"temperature": temperature, **({"offsets": offsets} if offsets else {})}

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two answers are equal."""
        return one == other

    def show(self, label: Label, text: str) -> str:
        """Return the class."""
        return str(label)

    def offsets(self, calibration: Mapping[str, Any]) -> Array:
        """Return what `calibrate` adds to the logarithm of each class's probability, shape (classes,)."""
        known = calibration.get("offsets", {})
        return np.array([float(known.get(label, 0.0)) for label in self.classes])
