"""Newer texts differ from older ones, or validation from training (Rabanser et al., 2019, arXiv:1810.11953).

A small classifier tries to tell the two sides apart (Lopez-Paz and Oquab, 2017, arXiv:1610.06545): if it can, and
the newer side is answered worse, what was learnt has aged. Words that only one side has, and a method that
leans less on single words, are what to look at first.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES, Accepts
from haoqi.data.examples import Examples
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.champion_diagnostics import LOOKED_AT, ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.reflection.reflections._chance import area, chance_of_fewer
from haoqi.explore.reflection.reflections._remedies import in_turn, instead, raised, recipe, scaled
from haoqi.models.lexical.ngrams import learn_ngrams

Bools = npt.NDArray[np.bool_]

TOKENS = 10
"""So many tokens that tell the sides apart are named, and hidden in a test."""


@dataclass(frozen=True)
class Sides:
    """Texts of two sides, mixed."""

    examples: Examples
    newer: Bools
    dated: bool


@reflections.register
@dataclass(frozen=True)
class Shift:
    """When two sides are different enough to matter."""

    accepts: ClassVar[Accepts] = CLASSES
    asks: ClassVar[bool] = False

    area: Annotated[float, Range(0.5, 1.0)] = 0.6
    """Lower end of the interval of the classifier's area under the ROC curve; 0.5 is guessing."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.05
    """How likely so much worse answers to the newer side would be by luck."""
    least: Annotated[int, Range(2, 10_000)] = 30
    """Texts of each side, at least."""

    def reflect(self, diagnostics: ChampionDiagnostics) -> list[Lesson]:
        """Return the lesson that what was learnt has aged, or is of another kind of text."""
        sides = _sides(diagnostics)
        if not diagnostics.has_one_label or min(sides.newer.sum(), (~sides.newer).sum()) < self.least:
            return []
        scores, tokens = _classify_sides(sides, diagnostics.rng("shift"))
        found, low, high = area(scores, sides.newer)
        if low < self.area:
            return []
        older, newer = _answers(diagnostics, sides)
        if older[1] and newer[1] and chance_of_fewer(newer, older) > self.chance:
            return []
        evidence = {
            "sides": "dates" if sides.dated else "splits",
            "area": found,
            "low": low,
            "high": high,
            "older_share": older[0] / older[1] if older[1] else None,
            "newer_share": newer[0] / newer[1] if newer[1] else None,
            "tokens": tokens,
        }
        plans = in_turn(
            [
                *(recipe(diagnostics, "recent") if sides.dated else ()),
                *recipe(diagnostics, "hide_tokens", tokens=tuple(tokens)),
            ],
            [*instead(diagnostics, "blend"), *instead(diagnostics, "probe")],
            scaled(diagnostics, "strength", 0.2),
        )
        rows = np.argsort(-scores, kind="stable")
        examples = [(sides.examples.ids[row], sides.examples.texts[row]) for row in rows if sides.newer[row]]
        lost = (older[0] / older[1] - newer[0] / newer[1]) if older[1] and newer[1] else 0.05
        kind = "shift" if sides.dated else "shift_of_splits"
        explains = lost / max(1e-9, 1 - diagnostics.score)
        return raised(diagnostics, kind, plans, evidence, explains=explains, examples=examples)


def _sides(diagnostics: ChampionDiagnostics) -> Sides:
    """Return older and newer texts where they are dated, else training and validation texts."""
    train, valid = diagnostics.splits.train, diagnostics.splits.valid
    if train.times is not None and valid.times is not None:
        both = Examples.join([train, valid])
        times = np.asarray(both.times, dtype=np.float64)
        if np.ptp(times) > 0:
            newer = times > np.median(times)
            return _sample(diagnostics, Sides(both, newer, True))
    both = Examples.join([train, valid])
    return _sample(diagnostics, Sides(both, np.arange(len(both)) >= len(train), False))


def _sample(diagnostics: ChampionDiagnostics, sides: Sides) -> Sides:
    order = diagnostics.rng("sides").permutation(len(sides.newer))
    rows = np.sort(np.concatenate([order[sides.newer[order] == side][:LOOKED_AT] for side in (False, True)]))
    return Sides(sides.examples.take(rows), sides.newer[rows], sides.dated)


def _classify_sides(sides: Sides, rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Return how much each text looks newer to a classifier that did not see it, and the tokens it goes by."""
    ngrams, counts = learn_ngrams(sides.examples.texts, "word", (1, 1), least_texts=3)
    present = counts.astype(np.float64)
    present.data[:] = 1.0
    half = rng.permutation(len(sides.newer)) % 2
    scores = np.zeros(len(sides.newer))
    for part in (0, 1):
        learnt = half != part
        weights = _weights(present[learnt], sides.newer[learnt])
        scores[half == part] = present[half == part] @ weights
    weights = _weights(present, sides.newer)
    frequent = np.asarray(present.sum(axis=0)).ravel()
    names = ngrams.names()
    telling = np.argsort(-np.abs(weights) * np.sqrt(frequent), kind="stable")[:TOKENS]
    return scores, [names[place] for place in telling]


def _weights(present: "npt.NDArray[np.float64]", newer: Bools) -> npt.NDArray[np.float64]:
    """Return the log odds of each token for the newer side (naive Bayes)."""
    ones, zeros = (np.asarray(present[side].sum(axis=0)).ravel() + 1.0 for side in (newer, ~newer))
    found: npt.NDArray[np.float64] = np.log(ones / (newer.sum() + 2)) - np.log(zeros / ((~newer).sum() + 2))
    return found


def _answers(diagnostics: ChampionDiagnostics, sides: Sides) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (right, asked) of the older and of the newer side, from models that did not learn what they were asked."""
    side = dict(zip(sides.examples.ids, sides.newer.tolist(), strict=True))
    answered = list(zip(diagnostics.judged.ids, diagnostics.right.tolist(), strict=True))
    if {side[row] for row, _ in answered if row in side} != {False, True}:
        answered = _out_of_fold_answers(diagnostics)
    old, new = ([right for row, right in answered if side.get(row) is wanted] for wanted in (False, True))
    return (sum(old), len(old)), (sum(new), len(new))


def _out_of_fold_answers(diagnostics: ChampionDiagnostics) -> list[tuple[int, bool]]:
    """Return (row in the source, whether it was answered right) of both splits, by the same cheap models."""
    found: list[tuple[int, bool]] = []
    if diagnostics.out_of_fold is None or diagnostics.out_of_fold_valid is None:
        return found
    sides = (
        (diagnostics.splits.train, diagnostics.out_of_fold),
        (diagnostics.splits.valid, diagnostics.out_of_fold_valid),
    )
    for examples, probabilities in sides:
        given = [diagnostics.task.labels[place] for place in probabilities.argmax(axis=1)]
        found += [
            (row, label == answer) for row, label, answer in zip(examples.ids, examples.labels, given, strict=True)
        ]
    return found
