"""What a model answered, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Predictions:
    """The answers of one model to n examples, in the order asked."""

    labels: list[Any]
    """Of type `data.Label`, n of them."""
    confidence: Floats | None = None
    """Probability of the answer given, in [0, 1], shape (n,), where the output has such."""
    probabilities: Floats | None = None
    """Probability of each label of the task, shape (n, labels), where the output has such."""
    span_confidence: list[tuple[float, ...]] | None = None
    """For spans: the probability of each span of each answer."""
    intervals: Floats | None = None
    """For numbers: where the right answer lies with the certainty that the calibration says, shape (n, 2)."""
    level_confidence: list[tuple[float, ...]] | None = None
    """For paths in a tree: the probability of each level of each answer, from the top down."""

    def __post_init__(self) -> None:
        for column in (
            self.confidence,
            self.probabilities,
            self.span_confidence,
            self.intervals,
            self.level_confidence,
        ):
            assert column is None or len(column) == len(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def sureness(self) -> npt.NDArray[np.float64]:
        """How sure each answer is, shape (n,), for putting answers in order: its probability, or for numbers how narrow
        its interval is; the same for all where nothing is known."""
        if self.confidence is not None:
            return np.asarray(self.confidence, dtype=np.float64)
        if self.intervals is not None:
            return -np.asarray(self.intervals[:, 1] - self.intervals[:, 0], dtype=np.float64)
        return np.zeros(len(self))

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> "Predictions":
        """Return the answers of these rows, in the order asked for."""
        places = [int(row) for row in rows]
        spans, levels = self.span_confidence, self.level_confidence
        return Predictions(
            labels=[self.labels[row] for row in places],
            confidence=None if self.confidence is None else self.confidence[places],
            probabilities=None if self.probabilities is None else self.probabilities[places],
            span_confidence=None if spans is None else [spans[row] for row in places],
            intervals=None if self.intervals is None else self.intervals[places],
            level_confidence=None if levels is None else [levels[row] for row in places],
        )

    @classmethod
    def join(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """Return the answers of several parts one after another; a column missing in any is dropped."""
        spans = [part.span_confidence for part in parts]
        levels = [part.level_confidence for part in parts]
        return cls(
            labels=[label for part in parts for label in part.labels],
            confidence=_stacked([part.confidence for part in parts]),
            probabilities=_stacked([part.probabilities for part in parts]),
            span_confidence=None if any(one is None for one in spans) else [x for one in spans for x in one or ()],
            intervals=_stacked([part.intervals for part in parts]),
            level_confidence=None if any(one is None for one in levels) else [x for one in levels for x in one or ()],
        )


def _stacked(columns: Sequence[Floats | None]) -> Floats | None:
    found = [column for column in columns if column is not None]
    return np.concatenate(found) if found and len(found) == len(columns) else None
