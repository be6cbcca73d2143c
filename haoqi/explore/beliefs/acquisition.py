"""What a plan is worth to a strategy: the gain that a test would verify, and what the outcome would teach.

A gain is verified where the paired test says so. A plan whose score is s, against a champion's c, passes with the
chance Phi((s - c) / error - z), so what it brings on average is E[(s - c) Phi((s - c) / error - z)] under the belief.
What an experiment teaches is its knowledge gradient (Frazier, Powell and Dayanik, 2009, "The Knowledge-Gradient Policy
for Correlated Normal Beliefs", doi:10.1287/ijoc.1080.0314) in which time has a price: the best verified gain per
second that the other plans promise now. An outcome is of use where it lets one of them, that remains affordable, rise
above that price; so a ninth of the examples is worth trying where it says whether the whole is worth its minutes.

The lead that a plan must show is smaller where other data sets know it to be above the champion
(`evidence_pooling`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from haoqi.explore.beliefs.evidence_pooling import least_lead
from haoqi.explore.beliefs.surrogate import Floats, JointScores, Surrogate, predict_scores
from haoqi.explore.beliefs.transfer_prior import PriorBelief
from haoqi.explore.plans.plan import Plan

if TYPE_CHECKING:  # naming strategies must not wait for scipy
    from haoqi.explore.costs.throughput import Cost
    from haoqi.explore.record.history import History
    from haoqi.explore.record.lessons import Lesson

PAIRED_ERROR = 0.02
"""Standard error of the difference of two scores where no experiment has shown it."""

# Outcomes that an experiment is imagined to have, as points of a quadrature.
_OUTCOMES = 5
_SURE = 1.96
_LEAST_SECONDS = 0.05


@dataclass(frozen=True)
class Acquisition:
    """What is believed at one point of a run, for strategies to choose by."""

    surrogate: Surrogate
    """What plans would score."""
    cost: "Callable[[Plan], Cost]"
    """What a plan takes; where only steps count, on a machine that is the same everywhere."""
    least_seconds: Callable[[Plan], float]
    """With less time than this left a plan is not begun."""
    left_seconds: float | None = None
    """None: only steps count, and every plan is one."""
    left_share: float = 1.0
    """Of the budget, in seconds or in steps."""
    champion_score: float = 0.0
    """Where there is no champion `MeritScale.no_champion`: anything good is a gain."""
    paired_error: float = PAIRED_ERROR
    """Standard error of the difference of two plans' scores on the examples that all are judged on."""
    alpha: float = 0.05
    """The p-value below which a challenger replaces the champion."""
    certainty: float = 0.95
    """The probability to be better from which cross-dataset evidence decides."""
    lead: Callable[[Plan], PriorBelief | None] = lambda plan: None
    """What other data sets know of a plan's lead over the champion, in log-odds."""

    def price(self, plan: Plan) -> float:
        """Return what a plan takes of what the budget is counted in: seconds, or one step."""
        if self.left_seconds is None:
            return 1.0
        return max(_LEAST_SECONDS, self.cost(plan).within(self.left_seconds).seconds)

    def required_leads(self, plans: Sequence[Plan]) -> Floats:
        """Return the lead over the champion from which each plan would replace it, shape (n,)."""
        from scipy.special import ndtri

        usual = self._error * float(ndtri(1 - self.alpha / 2))
        proofs = np.full(len(plans), usual)
        for place, plan in enumerate(plans):
            if (known := self.lead(plan)) is not None:
                least = least_lead(known, self._error, self.champion_score, self.certainty)
                proofs[place] = min(usual, least)
        return proofs

    def verified_gain(self, mean: Floats, deviation: Floats, proofs: Floats) -> Floats:
        """Return the verified gain that is expected where the log-odds of scores are normal, same shape.

        Args:
            mean: of plans, shape (..., n).
            deviation: same shape.
            proofs: the lead that each must show, shape (n,).
        """
        scores, weights = predict_scores(mean, deviation, self.surrogate.scale)
        return self._passed(scores - self.champion_score, proofs[:, None]) @ weights

    def lesson_gain(self, lesson: "Lesson") -> float:
        """Return the verified gain that is expected of a lesson, whatever its measure."""
        points, weights = np.polynomial.hermite_e.hermegauss(9)
        gains, proofs = lesson.gain + lesson.doubt * points, self.required_leads(lesson.plans[:1])
        return float(self._passed(gains, proofs) @ (weights / weights.sum()))

    def knowledge_gradient(self, plans: Sequence[Plan], joint: JointScores, least_rate: float = 0.0) -> Floats:
        """Return how much gain above the price of time each plan's outcome is expected to uncover, shape (n,).

        Only other plans count that can still be begun after it, so that what was learnt can be used.

        Args:
            plans: what could be tried.
            joint: what is believed of them.
            least_rate: the price of time is at least this, in gain per second or per step.
        """
        deviation, prices = joint.deviation, np.array([self.price(plan) for plan in plans])
        proofs = self.required_leads(plans)
        usable = self._usable(plans)
        rates = np.where(usable, self.verified_gain(joint.mean, deviation, proofs) / prices, 0.0)
        rate = np.maximum(least_rate, rates.max(axis=1))[:, None]
        # How far the belief of each plan (column) moves for an outcome one deviation off (row).
        moves = joint.covariance / np.sqrt(deviation**2 + joint.noise)[:, None]
        remaining = np.sqrt(np.maximum(deviation**2 - moves**2, 0.0))
        points, weights = np.polynomial.hermite_e.hermegauss(_OUTCOMES)
        found = np.zeros(len(plans))
        for point, weight in zip(points, weights / weights.sum(), strict=True):
            surplus = self.verified_gain(joint.mean + moves * point, remaining, proofs) - rate * prices
            found += weight * np.where(usable, surplus, 0.0).max(axis=1, initial=0.0)
        return found

    def _usable(self, plans: Sequence[Plan]) -> Floats:
        """Return whether a plan (column) can be begun after another (row) has taken its time, never after itself."""
        others = ~np.eye(len(plans), dtype=bool)
        if self.left_seconds is None:
            return np.asarray(others)
        least = np.array([self.least_seconds(plan) for plan in plans])
        left = self.left_seconds - np.array([self.price(plan) for plan in plans])
        return np.asarray(others & (least <= left[:, None]))

    @property
    def _error(self) -> float:
        return max(1e-6, self.paired_error)

    def _passed(self, gains: Floats, proofs: Floats) -> Floats:
        """Return what is left of gains on average, since not all of them show enough; a loss never counts."""
        from scipy.special import ndtr

        chance = ndtr((gains - proofs) / self._error)
        found: Floats = np.maximum(gains, 0.0) * chance
        return found


def paired_error(history: "History") -> float:
    """Return the standard error of a paired difference on this run's judged examples, as its verdicts show it.

    Two plans that answer much alike differ by less than others, so the verdicts that were nearest speak. Without
    any it is the champion's own error, as if half of what is hard were hard for all.
    """
    compared = [v for v in history.verdicts if v.difference is not None and not v.retested]
    near = [v for v in compared if v.low is not None and v.high is not None]
    near.sort(key=lambda v: (abs(v.difference or 0.0), v.experiment))
    found = [((v.high or 0.0) - (v.low or 0.0)) / (2 * _SURE) for v in near[: max(1, math.ceil(len(near) / 2))]]
    best = history.champion
    if not found and best is not None and best.low is not None and best.high is not None:
        found = [(best.high - best.low) / (2 * _SURE)]
    return float(np.median(found)) if found and np.median(found) > 0 else PAIRED_ERROR
