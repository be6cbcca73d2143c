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
from haoqi.explore.advice.next_steps._told import row_of, step
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

    def suggest(self, ending: RunEnd) -> NextStep:
        """Return the step; without a gain where nothing says which texts to collect."""
        human = self.count * ending.human_seconds(*_like(ending))
        costs = {"human_seconds": human, "compute_seconds": ending.refit_seconds(self.count)}
        shift = _shift(ending)
        if shift is not None:
            facts = shift.evidence
            older, newer = facts["older_share"], facts["newer_share"]
            lost = max(0.0, older - newer)
            draws = lost * self._won(ending, 0.5)
            evidence = {"count": self.count, "older_share": older, "newer_share": newer}
            return step("another_source", "another_source_newer", draws, evidence, **costs)
        group = _worst(ending, self.chance)
        if group is None:
            return step("another_source", "another_source_untold", None, {"count": self.count}, **costs)
        wrong, size = float((~ending.seen.right[group]).mean()), float(group.mean())
        rest = float((~ending.seen.right[~group]).mean())
        draws = size * wrong * self._won(ending, size)
        evidence = {
            "count": self.count,
            "tokens": _tokens(ending, group),
            "group_share": size,
            "wrong_share": wrong,
            "rest_share": rest,
        }
        return step("another_source", "another_source", draws, evidence, rows=_shown(ending, group), **costs)

    def _won(self, ending: RunEnd, size: float) -> npt.NDArray[np.float64]:
        """Return draws of the share of a kind's errors that more texts of it take away.

        The curve is followed as if only texts of its kind taught about it, and as if all did; the truth lies between.
        """
        curve, rng = ending.measured.curve, ending.rng("another source")
        cells = rng.choice(len(curve.weights), 2000, p=curve.weights)
        own = rng.uniform(_OWN, 1.0, 2000)
        rows = np.maximum(1.0, ending.rows * (size + (1 - size) * (1 - own)))
        left = ((rows + self.count) / rows) ** -curve.exponents[cells]
        found: npt.NDArray[np.float64] = curve.reducible[cells] * (1 - left)
        return found


def _like(ending: RunEnd) -> tuple[list[str], list[object]]:
    train = ending.context.splits.train
    return train.texts[:500], train.labels[:500]


def _shift(ending: RunEnd) -> Lesson | None:
    """Return the latest lesson that newer texts are answered worse, with its numbers, unless it was refuted."""
    refuted = {one.lesson for one in ending.history.lesson_verdicts if one.decision == "refuted"}
    found = [one for one in ending.history.lessons if one.kind == "shift" and one.key not in refuted]
    known = [one for one in found if one.evidence.get("older_share") and one.evidence.get("newer_share") is not None]
    return known[-1] if known else None


def _worst(ending: RunEnd, chance: float) -> Bools | None:
    """Return which judged examples are of the kind that is answered worst, None where it may be chance."""
    seen = ending.seen
    vectors = seen.embeddings(seen.judged.texts) if len(seen.judged) >= 2 * _LEAST else None
    if vectors is None:
        return None
    group_of = grouped(np.asarray(vectors, dtype=np.float64), GROUPS)
    found: list[tuple[float, int]] = []
    for group in range(int(group_of.max()) + 1):
        inside = group_of == group
        if inside.sum() >= _LEAST and (~inside).sum() >= _LEAST:
            mine, theirs = seen.right[inside], seen.right[~inside]
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


def _tokens(ending: RunEnd, group: Bools) -> list[str]:
    """Return the words that tell the group from the rest."""
    ngrams, counts = learn_ngrams(ending.seen.judged.texts, "word", (1, 1), least_texts=3)
    present = counts.astype(np.float64)
    present.data[:] = 1.0
    shares = [(np.asarray(present[side].sum(axis=0)).ravel() + 0.5) / (side.sum() + 1) for side in (group, ~group)]
    telling = (shares[0] - shares[1]) * np.log(shares[0] / shares[1])
    names = ngrams.names()
    order = np.argsort(-np.where(shares[0] > shares[1], telling, 0.0), kind="stable")
    words = [names[place] for place in order if any(letter.isalpha() for letter in names[place])]
    return words[:_TOKENS]


def _shown(ending: RunEnd, group: Bools) -> tuple[ChosenRow, ...]:
    """Return some texts of the group that are answered wrong."""
    seen = ending.seen
    wrong = np.flatnonzero(group & ~seen.right)[:_SHOWN]
    return tuple(row_of(seen.judged, int(place), seen.predictions.labels[int(place)]) for place in wrong)
