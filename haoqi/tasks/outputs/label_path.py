"""A path per text, such as sports/football: one label in a tree of labels, with the probability of every level.

A model learns the leaves, as it learns any labels. What an inner node has of probability is the sum of what stands
below it, so no answer contradicts another: whoever is given a leaf is given its parents. Where a leaf is too unsure the
answer is the node above it that is sure enough (Deng, Krause, Berg and Fei-Fei, "Hedging your bets: optimizing
accuracy-specificity trade-offs in large scale visual recognition", 2012), as sure as the metric that decides asks for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.answers import ONE_PATH
from haoqi.data.examples import Examples, Label
from haoqi.data.label_paths import join_levels, known_separator, levels_of, spell_path
from haoqi.evaluate.metric import Array, Metric, score_answers
from haoqi.evaluate.predictions import Predictions
from haoqi.tasks.outputs.cells import read_name
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.outputs.probability import log_softmax
from haoqi.tasks.task import Scores

FEWEST = 50
"""With fewer examples the threshold is not fitted: the likeliest leaf is the answer."""

# Thresholds that are tried, and what the deciding metric must gain for answers that are less than leaves.
_THRESHOLDS = np.linspace(0.0, 0.9, 19)
_WORTH = 0.003
_MOST_EXAMPLES = 3000


@dataclass(frozen=True)
class LabelPath:
    """Answers that are one path out of a tree of labels."""

    name = "path"
    kind = ONE_PATH

    classes: tuple[str, ...] = ()
    """The paths that were labelled, leaves mostly, in the order of a model's scores."""

    def read(self, raw: object) -> Label:
        """Return a cell as a path: its text, or its levels from the top down with > between them.

        Raises:
            ValueError: if the cell is blank, or a level of a list is.
        """
        if isinstance(raw, list | tuple) and raw:
            return join_levels((read_name(level) for level in raw), ">")
        return spell_path(str(read_name(raw)))

    def vocabulary(self, labels: Iterable[Label]) -> tuple[str, ...]:
        """Return the paths that occur, sorted by their levels."""
        found = tuple(sorted({str(label) for label in labels if label is not None}))
        return tuple(sorted(found, key=lambda label: levels_of(label, known_separator(found))))

    @property
    def width(self) -> int:
        """One score per labelled path."""
        return len(self.classes)

    def targets(self, examples: Examples) -> npt.NDArray[np.int64]:
        """Return the place of each example's path, shape (n,).

        Raises:
            ValueError: if an example is unlabelled or its path is none of the output's.
        """
        return self._leaf.targets(examples)

    def decode(self, scores: Scores, examples: Examples, **calibration: Any) -> Predictions:
        """Return the path of each example, how likely each of its levels is, and how likely every labelled path is.

        It is the likeliest path as far down as `calibrate` found that its nodes are likely enough. The confidence is
        the probability of the last node that is answered: of it and all that stands below it.
        """
        leaves = self._leaf.decode(scores, examples, **calibration)
        assert leaves.probabilities is not None
        best = [self._place[label] for label in leaves.labels]
        chances = self._level_chances(
            np.asarray(leaves.probabilities, dtype=np.float64), np.array(best, dtype=np.int64)
        )
        depths = self._depths(chances, np.array(best, dtype=np.int64), float(calibration.get("threshold", 0.0)))
        levels = [tuple(row[:depth]) for row, depth in zip(chances.tolist(), depths, strict=True)]
        return Predictions(
            labels=[self._node(place, depth) for place, depth in zip(best, depths, strict=True)],
            confidence=np.array([row[-1] for row in levels]),
            probabilities=leaves.probabilities,
            level_confidence=levels,
        )

    def margins(self, scores: Scores, *, answered: Scores | None = None, **calibration: Any) -> Array:
        """Return how far scores are from another answer, shape (n,): from another node, or another depth."""
        threshold = float(calibration.get("threshold", 0.0))
        if threshold <= 0:
            return self._leaf.margins(scores, answered=answered, **calibration)
        meant = scores if answered is None else answered
        nothing = Examples.of([""] * len(np.asarray(scores)))
        wanted = self.decode(meant, nothing, **calibration).labels
        heat = float(calibration.get("temperature", 1.0))
        adjusted = np.asarray(scores, dtype=np.float64) + heat * self._leaf.offsets(calibration)
        chances = np.exp(log_softmax(scores, heat))
        bound = _log_odds(np.array(threshold))
        found = np.empty(len(wanted))
        for row, label in enumerate(wanted):
            path = self._path(label)
            below = self._below(path)
            lead = adjusted[row, below].max() - (adjusted[row, ~below].max() if (~below).any() else -np.inf)
            sure = heat * (_log_odds(chances[row, below].sum()) - bound) if len(path) > 1 else np.inf
            inside = int(np.where(below, adjusted[row], -np.inf).argmax())
            deeper = self._paths[inside][: len(path) + 1]
            unsure = heat * (bound - _log_odds(chances[row, self._below(deeper)].sum()))
            found[row] = min(lead, sure, unsure if len(deeper) > len(path) else np.inf)
        return found

    def calibrate(self, scores: Scores, examples: Examples, metric: Metric | None = None) -> dict[str, Any]:
        """Return what one label has fitted, and how likely a node below the top must be to be answered.

        The threshold is 0, so that every answer goes down to the end, unless the metric gains by less.
        """
        fitted = self._leaf.calibrate(scores, examples, metric)
        rows = [row for row, label in enumerate(examples.labels) if label in self._place]
        if metric is None or len(rows) < FEWEST or self._depth < 2:
            return fitted
        rows = [rows[at] for at in np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _MOST_EXAMPLES)).astype(int))]
        known = examples.take(rows)
        leaves = self._leaf.decode(np.asarray(scores)[rows], known, **fitted)
        best = np.array([self._place[label] for label in leaves.labels], dtype=np.int64)
        chances = self._level_chances(np.asarray(leaves.probabilities, dtype=np.float64), best)

        def score(threshold: float) -> float:
            depths = self._depths(chances, best, threshold)
            answers = [self._node(int(place), depth) for place, depth in zip(best, depths, strict=True)]
            return metric.shown(score_answers(metric, known.labels, answers, self.classes))

        found = np.array([score(float(one)) for one in _THRESHOLDS])
        smooth = np.convolve(np.pad(found, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
        at = int(smooth.argmax())
        gains = smooth[at] - found[0] >= _WORTH
        return {**fitted, "threshold": round(float(_THRESHOLDS[at]), 4)} if gains and at else fitted

    def same(self, one: Label, other: Label, **calibration: Any) -> bool:
        """Return whether two answers are equal."""
        return one == other

    def show(self, label: Label, text: str) -> str:
        """Return the path."""
        return str(label)

    @cached_property
    def _leaf(self) -> OneLabel:
        return OneLabel(self.classes)

    @cached_property
    def _place(self) -> dict[Label, int]:
        return {label: place for place, label in enumerate(self.classes)}

    @cached_property
    def _paths(self) -> list[tuple[str, ...]]:
        return [self._path(label) for label in self.classes]

    @property
    def _depth(self) -> int:
        return max(map(len, self._paths), default=1)

    @cached_property
    def _groups(self) -> npt.NDArray[np.int64]:
        """The number of each path's node at each level, shape (levels, classes); -1 where it does not go so deep."""
        numbers: dict[tuple[str, ...], int] = {}
        found = np.full((self._depth, self.width), -1, dtype=np.int64)
        for column, path in enumerate(self._paths):
            for level in range(len(path)):
                found[level, column] = numbers.setdefault(path[: level + 1], len(numbers))
        return found

    def _path(self, label: Label) -> tuple[str, ...]:
        return levels_of(str(label), known_separator(self.classes))

    def _node(self, place: int, depth: int) -> str:
        """Return the path of the node at a depth above a class, spelt as that class is."""
        path = self._paths[place]
        if depth >= len(path):
            return self.classes[place]
        return join_levels(path[:depth], known_separator(self.classes))

    def _below(self, path: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        """Return which classes a node is or stands above, shape (classes,)."""
        return np.array([one[: len(path)] == path for one in self._paths])

    def _level_chances(self, chances: Array, best: npt.NDArray[np.int64]) -> Array:
        """Return how likely each level of the best paths is, shape (n, levels); 0 where a path ends above."""
        found = np.zeros((len(best), self._depth))
        for level, numbers in enumerate(self._groups):
            own = numbers[best]
            inside = (numbers[None, :] == own[:, None]) & (own >= 0)[:, None]
            found[:, level] = np.minimum(1.0, (chances * inside).sum(axis=1))
        return found

    def _depths(self, chances: Array, best: npt.NDArray[np.int64], threshold: float) -> list[int]:
        """Return how many levels of the best paths are answered: all whose nodes are likely enough, and the first."""
        whole = np.array([len(self._paths[place]) for place in best])
        enough = np.cumprod(chances >= threshold, axis=1).sum(axis=1)
        return [int(one) for one in np.minimum(whole, np.maximum(1, enough))]


def _log_odds(chance: Any) -> Array:
    safe = np.clip(chance, 1e-12, 1 - 1e-12)
    found: Array = np.log(safe) - np.log1p(-safe)
    return found
