"""The contract of a metric: statistics that add up, and a score of their sum.

Accuracy, F1, entity F1, BLEU, R² and Pearson's correlation are all functions of sums over examples. Writing them so
makes the bootstrap, the paired test and the average over seeds one matrix product each, for every metric there is. A
metric whose rows are groups, such as NDCG per query, counts one row for each group: then groups are what is resampled.
A score of ranks over all examples, such as Spearman's, is no sum; it is resampled row by row and never decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.evaluate.predictions import Predictions

if TYPE_CHECKING:  # naming tasks and methods must not wait for scipy
    from scipy.sparse import csr_array

    from haoqi.evaluate.comparison import Comparison
    from haoqi.evaluate.intervals import Interval

Array = npt.NDArray[np.float64]
Statistics: TypeAlias = "csr_array"  # shape (examples or groups, k), float64


class Scored(Protocol):
    """What a metric may know of a task."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, where answers have any."""
        ...


Count: TypeAlias = Callable[[Examples, Predictions, Scored], Statistics]
"""(labelled examples, answers, the task) to statistics, one row per example, or one per group, shape (n, k)."""


@dataclass(frozen=True)
class Metric:
    """A score of predictions against the right answers."""

    name: str
    count: Count
    """Statistics of the answers to labelled examples."""
    score: Callable[[Array], Array]
    """Summed statistics, shape (..., k), to scores, shape (...)."""
    greater_is_better: bool = True
    least: float = 0.0
    """No score is lower; may be infinite."""
    most: float = 1.0
    """No score is greater; may be infinite."""
    right_or_wrong: bool = True
    """Whether a single example can be wholly right by it, so that few errors or few right answers widen intervals."""
    score_rows: Callable[[Array], float] | None = None
    """For a score that does not add up: statistics, shape (n, k), to the score."""

    @property
    def adds_up(self) -> bool:
        """Whether the score is a function of sums; only such a metric can decide."""
        return self.score_rows is None

    def __call__(self, examples: Examples, predictions: Predictions, task: Scored) -> float:
        """Return the score of these predictions; 0 where nothing can be counted."""
        counted = self.count(examples, predictions, task)
        if self.score_rows is not None:
            return float(self.score_rows(counted.toarray()))
        return float(self.score(total(counted)))

    def merit_of(self, examples: Examples, predictions: Predictions, task: Scored) -> float:
        """Return the score of these predictions turned so that the higher is the better."""
        return self.shown(self(examples, predictions, task))

    def merit(self, totals: Array) -> Array:
        """Return scores turned so that the higher is the better: what a search compares."""
        found = self.score(totals)
        return found if self.greater_is_better else -found

    def shown(self, merit: float) -> float:
        """Return the score that a merit stands for; the other way round it is the same."""
        return merit if self.greater_is_better else -merit

    @property
    def merits(self) -> tuple[float, float]:
        """The least and the greatest merit that there can be."""
        return (self.least, self.most) if self.greater_is_better else (-self.most, -self.least)

    def to_unit(self, merit: float) -> float:
        """Return a merit as a number in [0, 1], 1 the best, for beliefs; a higher merit is never a lower number.

        >>> Metric("rmse", None, None, greater_is_better=False, most=float("inf")).to_unit(-1.0)
        0.5
        """
        if self.most <= 1.0 and self.greater_is_better:  # what is worse than nothing right is as bad as that
            return min(1.0, max(0.0, merit))
        worst, best = self.merits
        if np.isfinite(best) and np.isfinite(worst):
            return (merit - worst) / (best - worst)
        if np.isfinite(best):
            return 1.0 / (1.0 + best - merit)
        return merit - worst if merit - worst < 0 else 1.0 - 1.0 / (1.0 + max(0.0, merit - worst))

    def from_unit(self, unit: float) -> float:
        """Return the merit that `to_unit` gives a number for, in [0, 1]."""
        if self.most <= 1.0 and self.greater_is_better:
            return unit
        worst, best = self.merits
        if np.isfinite(best) and np.isfinite(worst):
            return worst + unit * (best - worst)
        if np.isfinite(best):
            return best + 1.0 - 1.0 / max(unit, 1e-12)
        return worst + 1.0 / max(1e-12, 1.0 - unit) - 1.0

    def interval(self, statistics: Statistics, *, rng: "np.random.Generator", level: float = 0.95) -> "Interval":
        """Return where the score of all texts like these lies: `intervals.interval`, or resampled row by row."""
        from haoqi.evaluate.intervals import interval, percentile

        if self.score_rows is not None:
            return percentile(statistics, self.score_rows, rng=rng, level=level, bounds=(self.least, self.most))
        bounds = (self.least, self.most)
        return interval(statistics, self.score, rng=rng, level=level, bounds=bounds, right_or_wrong=self.right_or_wrong)

    def compare(
        self, first: Statistics, second: Statistics, *, rng: "np.random.Generator", samples: int = 2000
    ) -> "Comparison":
        """Return how much better the first model is than the second by merit: `comparison.compare`."""
        from haoqi.evaluate.comparison import compare

        return compare(first, second, self.merit, rng=rng, samples=samples, right_or_wrong=self.right_or_wrong)


@dataclass(frozen=True)
class Labels:
    """All of a task that most metrics look at."""

    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class by_answers:  # noqa: N801 - used as a function
    """A metric's `count` from one of (right answers, predicted answers, the task's labels)."""

    compute: Callable[[Sequence[Any], Sequence[Any], tuple[str, ...]], Statistics]

    def __call__(self, examples: Examples, predictions: Predictions, task: Scored) -> Statistics:
        """Return the statistics, shape (n, k)."""
        return self.compute(examples.labels, predictions.labels, task.labels)


def score_answers(metric: Metric, true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...] = ()) -> float:
    """Return the score of bare answers, in which neither texts nor confidences have a part."""
    return metric(Examples.of([""] * len(true), true), Predictions(list(predicted)), Labels(labels))


def count_answers(
    metric: Metric, true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...] = ()
) -> Statistics:
    """Return the statistics of bare answers, one row each."""
    return metric.count(Examples.of([""] * len(true), true), Predictions(list(predicted)), Labels(labels))


def total(statistics: Statistics) -> Array:
    """Return the summed statistics, shape (k,)."""
    return np.asarray(statistics.sum(axis=0), dtype=np.float64).ravel()
