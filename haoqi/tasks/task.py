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

# One array for all examples, shape (n, columns), or one per example: for words, shape (words, tags), for stretches of a
# context, shape (1 + words, 2), the row of no answer first. What the columns hold is the output's raw kind: logits, or
# numbers.
Scores = npt.NDArray[np.float32] | Sequence[npt.NDArray[np.float32]]


@runtime_checkable
class Output(Protocol):
    """What the answers of a task look like, and how what a model gives becomes answers; a file each.

    One whose answers are made of classes carries them, and is a `ClassOutput`.
    """

    name: str
    """What a person calls it."""

    @property
    def kind(self) -> AnswerKind:
        """Its facts, by which methods, recipes, metrics and reports know what they can do with it."""
        ...

    @property
    def width(self) -> int:
        """How many columns a model gives per example, or per word."""
        ...

    def read(self, raw: object) -> Label:
        """Return a source's cell as a typed label.

        Raises:
            ValueError: with the reason, if it cannot be one.
        """
        ...

    def targets(self, examples: Examples) -> Any:
        """Return what a model is trained on.

        One label: indices, int64, shape (n,). Several: 0/1, float32, shape (n, classes). Spans: a list of
        tag indices per word, int64, shape (words,). A number: float32, shape (n,). A stretch of a context: a list of
        the rows of the scores at which right answers begin and end, int64, shape (answers, 2).
        """
        ...

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return answers from a model's scores (logits).

        Args:
            scores: as `Scores` says, one row or array per example.
            examples: what was asked; spans need its words.
            calibration: what `calibrate` gave: temperature, thresholds, offsets.
        """
        ...

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return how far scores are from another answer, in their own unit, shape (n,).

        Args:
            scores: as `Scores` says.
            answered: scores that stand for the answer that is meant; a margin is negative where `scores` give another.
                None: the answer of `scores`.
            calibration: what `calibrate` gave.
        """
        ...

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return JSON-able settings of `decode`, fitted on examples the model was not trained on.

        Args:
            scores: as `Scores` says.
            examples: labelled.
            metric: what answers are to be good at, where the output can choose them for it; None: nothing special.
        """
        ...

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two answers are as good as the same: equal classes, numbers that hardly differ."""
        ...

    def show(self, label: Label, text: str) -> str:
        """Return an answer as a person reads it on one line."""
        ...


@runtime_checkable
class ClassOutput(Output, Protocol):
    """An output whose answers are made of classes out of a list, which it carries: its kind `has_classes`."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes or span types, in the order of a model's scores; () until they are known."""
        ...

    def vocabulary(self, labels: Iterable[Label]) -> tuple[str, ...]:
        """Return the classes that occur in these answers, and what these bring with them, sorted.

        Those that it carries have no part in it.
        """
        ...


@dataclass(frozen=True)
class Task:
    """What is to be learnt, with its metrics; the first metric decides which model is best."""

    output: Output
    """What answers look like, with their classes where they have any."""
    metrics: tuple[Metric, ...]
    example: tuple[Any, Any]
    """A text and its answer, for help and for contract tests; of two texts, or of a question and its context, both in a
    tuple, and the answer."""
    name: str = ""
    """The file's name, which a user types; filled in by `tasks.build`."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """What a label means, in words, for methods that read it; may be partial."""
    pairs: bool = False
    """Whether an example is two texts."""
    symmetric: bool = False
    """Of two texts: whether the answer is the same with the texts exchanged."""
    ranks: bool = False
    """Of two texts: whether the second texts of one first text, its query, are put in order; they stay together."""

    def __post_init__(self) -> None:
        assert self.metrics[0].adds_up, f"{self.metrics[0].name} is no function of sums, so it cannot decide"

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of the output, for those who show or count them; () where its answers have none."""
        classes: tuple[str, ...] = getattr(self.output, "classes", ())
        return classes

    @property
    def of_two(self) -> bool:
        """Whether two texts are asked at a time: both of a pair, or a question and its context."""
        return self.pairs or self.output.kind.of_context

    @property
    def metric(self) -> Metric:
        """The metric that decides."""
        return self.metrics[0]
