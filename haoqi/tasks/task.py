"""The contracts of a task and of its output."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import AnswerKind
from haoqi.data.examples import Examples, Label
from haoqi.evaluate.metric import Array, Metric
from haoqi.evaluate.predictions import Predictions

# One array for all examples, shape (n, columns), or one per example: for words, shape (words, tags). What the columns
# hold is the output's raw kind: logits, or numbers.
Scores = npt.NDArray[np.float32] | Sequence[npt.NDArray[np.float32]]


@runtime_checkable
class Output(Protocol):
    """What the answers of a task look like, and how what a model gives becomes answers; a file each.

    Whatever has no classes is handed no labels: they are () there.
    """

    name: str
    """What a person calls it."""
    kind: AnswerKind
    """Its facts, by which methods, recipes, metrics and reports know what they can do with it."""

    def read(self, raw: object) -> Label:
        """Return a source's cell as a typed label.

        Raises:
            ValueError: with the reason, if it cannot be one.
        """
        ...

    def vocabulary(self, labels: Iterable[Label]) -> tuple[str, ...]:
        """Return the classes that occur, sorted; nothing where answers have none."""
        ...

    def width(self, labels: tuple[str, ...]) -> int:
        """Return how many columns a model gives per example (or per word) for these labels."""
        ...

    def targets(self, examples: Examples, labels: tuple[str, ...]) -> Any:
        """Return what a model is trained on.

        One label: indices, int64, shape (n,). Several: 0/1, float32, shape (n, labels). Spans: a list of
        tag indices per word, int64, shape (words,). A number: float32, shape (n,).
        """
        ...

    def decode(self, scores: Scores, examples: Examples, labels: tuple[str, ...], **calibration: Any) -> Predictions:
        """Return answers from a model's scores (logits).

        Args:
            scores: as `Scores` says, one row or array per example.
            examples: what was asked; spans need its words.
            labels: the task's labels.
            calibration: what `calibrate` gave: temperature, thresholds, offsets.
        """
        ...

    def margins(
        self, scores: Scores, labels: tuple[str, ...], *, answered: Scores | None = None, **calibration: Any
    ) -> Array:
        """Return how far scores are from another answer, in their own unit, shape (n,).

        Args:
            scores: as `Scores` says.
            labels: the task's labels.
            answered: scores that stand for the answer that is meant; a margin is negative where `scores` give another.
                None: the answer of `scores`.
            calibration: what `calibrate` gave.
        """
        ...

    def calibrate(
        self, scores: Scores, examples: Examples, labels: tuple[str, ...], metric: Metric | None = None
    ) -> dict[str, Any]:
        """Return JSON-able settings of `decode`, fitted on examples the model was not trained on.

        Args:
            scores: as `Scores` says.
            examples: labelled.
            labels: the task's labels.
            metric: what answers are to be good at, where the output can choose them for it; None: nothing special.
        """
        ...

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two answers are as good as the same: equal classes, numbers that hardly differ."""
        ...

    def show(self, label: Label, text: str) -> str:
        """Return an answer as a person reads it on one line."""
        ...


@dataclass(frozen=True)
class Task:
    """What is to be learnt, with its metrics; the first metric decides which model is best."""

    output: Output
    labels: tuple[str, ...]
    metrics: tuple[Metric, ...]
    example: tuple[Any, Any]
    """A text and its answer, for help and for contract tests; of two texts, both in a tuple, and the answer."""
    name: str = ""
    """The file's name, which a user types; filled in by `tasks.build`."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """What a label means, in words, for methods that read it; may be partial."""
    pairs: bool = False
    """Whether an example is two texts."""
    symmetric: bool = False
    """Of two texts: whether the answer is the same with the texts exchanged."""

    def __post_init__(self) -> None:
        assert self.metrics[0].adds_up, f"{self.metrics[0].name} is no function of sums, so it cannot decide"

    @property
    def metric(self) -> Metric:
        """The metric that decides."""
        return self.metrics[0]
