"""Collect texts from another source: of the kind that the champion fails at, if there is such a kind.

Two findings point to one. Newer texts are answered worse than older ones (the reflection `shift`; Rabanser et al.,
2019, arXiv:1810.11953). Or a group of like texts, by their embeddings, is answered worse than the rest by more than
chance (Eyuboglu et al., 2022, "Domino", arXiv:2203.14960). More texts of that kind move it along its own part of the
learning curve. Where neither is found nothing is promised.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from haoqi.core.config import Range
from haoqi.evaluate.advice import ChosenRow, NextStep
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._step_parts import row_of, step
from haoqi.explore.advice.run_end import RunEnd
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.reflection.reflections._chance import chance_of_fewer
from haoqi.models.lexical.ngrams import learn_ngrams

Bools = npt.NDArray[np.bool_]

GROUPS = 8
"""Kinds of text that are told apart."""

_ROUNDS = 20
_TOKENS = 5
_SHOWN = 10
_LEAST = 15
_OWN = 0.3


@next_steps.register
@dataclass(frozen=True)
class AnotherSource:
    """How many texts, and how sure to be that a kind of text fails."""

    count: Annotated[int, Range(1, 100_000)] = 200
    """Texts to collect and label."""
    chance: Annotated[float, Range(0.0, 1.0)] = 0.05
    """How likely so bad a group would be by luck, all groups counted."""

    def suggest(self, run_end: RunEnd) -> NextStep:
        """Return the step; without a gain where nothing says which texts to collect."""
        human = self.count * run_end.human_seconds(*_like(run_end))
        costs = {"human_seconds": human, "compute_seconds": run_end.refit_seconds(self.count)}
        shift = _shift(run_end)
        if shift is not None:
            facts = shift.evidence
            older, newer = facts["older_share"], facts["newer_share"]
            lost = max(0.0, older - newer)
            draws = lost * self._won(run_end, 0.5)
            evidence = {"count": self.count, "older_share": older, "newer_share": newer}
            return step("another_source", "another_source_newer", draws, evidence, **costs)
        group = _worst(run_end, self.chance)
        if group is None:
            return step("another_source", "another_source_untold", None, {"count": self.count}, **costs)
        wrong, size = float((~run_end.diagnostics.right[group]).mean()), float(group.mean())
        rest = float((~run_end.diagnostics.right[~group]).mean())
        draws = size * wrong * self._won(run_end, size)
        evidence = {
            "count": self.count,
            "tokens": _tokens(run_end, group),
            "group_share": size,
            "wrong_share": wrong,
            "rest_share": rest,
        }
        return step("another_source", "another_source", draws, evidence, rows=_shown(run_end, group), **costs)

    def _won(self, run_end: RunEnd, size: float) -> npt.NDArray[np.float64]:
        """Return draws of the share of a kind's errors that more texts of it take away.

        The curve is followed as if only texts of its kind taught about it, and as if all did; the truth lies between.
        """
        curve, rng = run_end.learning_curve.curve, run_end.rng("another source")
        cells = rng.choice(len(curve.weights), 2000, p=curve.weights)
        own = rng.uniform(_OWN, 1.0, 2000)
        rows = np.maximum(1.0, run_end.rows * (size + (1 - size) * (1 - own)))
        left = ((rows + self.count) / rows) ** -curve.exponents[cells]
        found: npt.NDArray[np.float64] = curve.reducible[cells] * (1 - left)
        return found


def _like(run_end: RunEnd) -> tuple[list[str], list[object]]:
    train = run_end.context.splits.train
    return train.texts[:500], train.labels[:500]


def _shift(run_end: RunEnd) -> Lesson | None:
    """Return the latest lesson that newer texts are answered worse, with its numbers, unless it was refuted."""
    refuted = {one.lesson for one in run_end.history.lesson_verdicts if one.decision == "refuted"}
    found = [one for one in run_end.history.lessons if one.kind == "shift" and one.key not in refuted]
    known = [one for one in found if one.evidence.get("older_share") and one.evidence.get("newer_share") is not None]
    return known[-1] if known else None


def _worst(run_end: RunEnd, chance: float) -> Bools | None:
    """Return which judged examples are of the kind that is answered worst, None where it may be chance."""
    diagnostics = run_end.diagnostics
    vectors = diagnostics.embeddings(diagnostics.judged.texts) if len(diagnostics.judged) >= 2 * _LEAST else None
    if vectors is None:
        return None
    group_of = grouped(np.asarray(vectors, dtype=np.float64), GROUPS)
    found: list[tuple[float, int]] = []
    for group in range(int(group_of.max()) + 1):
        inside = group_of == group
        if inside.sum() >= _LEAST and (~inside).sum() >= _LEAST:
            mine, theirs = diagnostics.right[inside], diagnostics.right[~inside]
            odds = chance_of_fewer((int(mine.sum()), len(mine)), (int(theirs.sum()), len(theirs)))
            found.append((odds, group))
    if not found or min(found)[0] * len(found) > chance:
        return None
    return np.asarray(group_of == min(found)[1])


def grouped(vectors: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.int64]:
    """Return the group of each vector, shape (n,): k-means from seeds that lie far apart (Gonzalez, 1985).

    Args:
        vectors: shape (n, width).
        count: groups, at most.
    """
    seeds = [int(((vectors - vectors.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    far = ((vectors - vectors[seeds[0]]) ** 2).sum(axis=1)
    while len(seeds) < count and far.max() > 1e-12:
        seeds.append(int(far.argmax()))
        far = np.minimum(far, ((vectors - vectors[seeds[-1]]) ** 2).sum(axis=1))
    centres = vectors[seeds]
    nearest = np.zeros(len(vectors), np.int64)
    for _ in range(_ROUNDS):
        nearest = np.asarray(((centres**2).sum(axis=1) - 2 * vectors @ centres.T).argmin(axis=1), np.int64)
        kept = [vectors[nearest == group].mean(axis=0) for group in range(len(centres)) if (nearest == group).any()]
        moved = np.array(kept)
        if moved.shape == centres.shape and np.allclose(moved, centres):
            break
        centres = moved
    return nearest


def _tokens(run_end: RunEnd, group: Bools) -> list[str]:
    """Return the words that tell the group from the rest."""
    ngrams, counts = learn_ngrams(run_end.diagnostics.judged.texts, "word", (1, 1), least_texts=3)
    present = counts.astype(np.float64)
    present.data[:] = 1.0
    shares = [(np.asarray(present[side].sum(axis=0)).ravel() + 0.5) / (side.sum() + 1) for side in (group, ~group)]
    telling = (shares[0] - shares[1]) * np.log(shares[0] / shares[1])
    names = ngrams.names()
    order = np.argsort(-np.where(shares[0] > shares[1], telling, 0.0), kind="stable")
    words = [names[place] for place in order if any(letter.isalpha() for letter in names[place])]
    return words[:_TOKENS]


def _shown(run_end: RunEnd, group: Bools) -> tuple[ChosenRow, ...]:
    """Return some texts of the group that are answered wrong."""
    diagnostics = run_end.diagnostics
    wrong = np.flatnonzero(group & ~diagnostics.right)[:_SHOWN]
    return tuple(row_of(diagnostics.judged, int(place), diagnostics.predictions.labels[int(place)]) for place in wrong)
