"""The contract of a metric: statistics per example that add up, and a score of their sum.

Accuracy, F1, entity F1 and BLEU are all functions of sums over examples. Writing them so makes the
bootstrap, the paired test and the average over seeds one matrix product each, for every metric there is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # naming tasks and methods must not wait for scipy
    from scipy.sparse import csr_array

Array = npt.NDArray[np.float64]
Statistics: TypeAlias = "csr_array"  # shape (examples, k), float64


@dataclass(frozen=True)
class Metric:
    """A score of predicted against true labels: higher is better, and 1 is perfect."""

    name: str
    count: Callable[[Sequence[Any], Sequence[Any], tuple[str, ...]], Statistics]
    """(true labels, predicted labels, the task's labels) to statistics, shape (examples, k)."""
    score: Callable[[Array], Array]
    """Summed statistics, shape (..., k), to scores, shape (...)."""
    least: float = 0.0
    """No score is lower."""

    def __call__(self, true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> float:
        """Return the score of these predictions; 0 where nothing can be counted."""
        return float(self.score(self.total(true, predicted, labels)))

    def total(self, true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Array:
        """Return the summed statistics, shape (k,)."""
        return np.asarray(self.count(true, predicted, labels).sum(axis=0), dtype=np.float64).ravel()
