"""Labels that are probably wrong: confident learning (Northcutt et al., 2021, arXiv:1911.00068, JAIR 70).

A row is suspect where a model that was not fitted on it is as sure of another label as it usually is of rows that
have that label. Each label has a threshold of its own, so neither a sure model nor a common label draws suspicion.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.config import Range
from haoqi.data.examples import Examples, Indices
from haoqi.data.recipes import Floats, Kit
from haoqi.data.recipes._rows import percent, sparing


@dataclass(frozen=True)
class Suspects:
    """Rows whose labels are doubted, the most doubtful first."""

    rows: Indices
    """Positions, shape (n,)."""
    instead: list[Any]
    """The label that the model would give each."""
    doubt: npt.NDArray[np.float64]
    """How likely the other label is, of the two, in [0, 1], shape (n,)."""


@dataclass(frozen=True)
class Doubting:
    """Which labels a recipe doubts."""

    outputs: ClassVar[frozenset[str]] = frozenset({"label", "labels"})
    needs: ClassVar[frozenset[str]] = frozenset({"held_out"})

    share: Annotated[float | None, Range(0.001, 0.5)] = None
    """Of the rows, the most suspect ones; where not said, those that confident learning finds."""

    @property
    def which(self) -> str:
        """The rows in words."""
        return f"the {percent(self.share)} most suspect" if self.share else "suspect"


def find(examples: Examples, kit: Kit, share: float | None) -> Suspects:
    """Return the suspects of some examples; the last row of a label is never one.

    Args:
        examples: with one label each, or several.
        kit: its held-out probabilities decide.
        share: of the rows, how many at most, the most doubtful ones; None: those that confident learning finds.
    """
    if not len(examples):
        return Suspects(np.zeros(0, np.int64), [], np.zeros(0))
    margin, found, doubt, instead = _judged(examples, kit.output, kit.labels, kit.held_out(examples))
    order = np.argsort(margin, kind="stable")
    if share is None:
        order = order[found[order]]
    else:
        order = order[: round(share * len(examples))]
        order = order[doubt[order] > 0]
    rows = np.array(sparing(examples, order, kit.output), np.int64)
    return Suspects(rows, [instead(int(row)) for row in rows], doubt[rows])


def doubted(examples: Examples, output: str, labels: tuple[str, ...], probabilities: Floats) -> npt.NDArray[np.bool_]:
    """Return which rows confident learning finds, by probabilities of models not fitted on them, shape (n,)."""
    return _judged(examples, output, labels, probabilities)[1]


_Judged = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.float64], Callable[[int], Any]]


def _judged(examples: Examples, output: str, labels: tuple[str, ...], probabilities: Floats) -> _Judged:
    """Return margin, whether found, doubt, and the label instead of each row."""
    return (_one if output == "label" else _several)(examples, labels, probabilities)


def _one(examples: Examples, labels: tuple[str, ...], probabilities: Floats) -> _Judged:
    """Return margin, whether found, doubt, and the label instead of each row that has one label."""
    place = {label: number for number, label in enumerate(labels)}
    given, every = np.array([place[label] for label in examples.labels]), np.arange(len(examples))
    chances = probabilities.astype(np.float64)
    own = chances[every, given]
    others = chances.copy()
    others[every, given] = -1.0
    rival = others.argmax(axis=1)
    best = np.maximum(others[every, rival], 0.0)
    # As sure as usual of a label: the mean probability of the rows that have it. Labels without rows are never it.
    thresholds = np.array(
        [own[given == label].mean() if (given == label).any() else 2.0 for label in range(len(labels))]
    )
    sure = np.where(chances >= thresholds, chances, -1.0)
    found = (sure.max(axis=1) > 0) & (sure.argmax(axis=1) != given) & (best > own)
    doubt = best / np.maximum(best + own, 1e-12)
    return own - best, found, doubt, lambda row: labels[int(rival[row])]


def _several(examples: Examples, labels: tuple[str, ...], probabilities: Floats) -> _Judged:
    """Return the same of rows that have any number of labels, each label a question of its own."""
    given = np.array([[label in held for label in labels] for held in examples.labels], bool)
    chances = probabilities.astype(np.float64)
    own = np.where(given, chances, 1 - chances)
    doubted = np.zeros(given.shape, bool)
    for state in (False, True):
        of_state = chances if state else 1 - chances
        count = np.maximum((given == state).sum(axis=0), 1)
        threshold = np.where(given == state, of_state, 0.0).sum(axis=0) / count
        threshold = np.where((given == state).any(axis=0), threshold, 2.0)
        doubted |= (given != state) & (of_state >= threshold) & (of_state > own)
    worst = own.min(axis=1)

    def instead(row: int) -> tuple[str, ...]:
        turned = doubted[row] if doubted[row].any() else own[row] == worst[row]
        return tuple(label for label, holds in zip(labels, given[row] ^ turned, strict=True) if holds)

    found = np.asarray(doubted.any(axis=1), bool)
    return 2 * worst - 1, found, 1 - worst, instead
