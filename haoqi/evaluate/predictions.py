"""What a model answered, column by column."""

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
    confidence: Floats
    """Probability of the answer given, in [0, 1], shape (n,)."""
    probabilities: Floats | None = None
    """Probability of each label of the task, shape (n, labels), where the output has such."""
    span_confidence: list[tuple[float, ...]] | None = None
    """For spans: the probability of each span of each answer."""

    def __post_init__(self) -> None:
        assert len(self.labels) == len(self.confidence)
        assert self.probabilities is None or len(self.probabilities) == len(self.labels)

    def __len__(self) -> int:
        return len(self.labels)
