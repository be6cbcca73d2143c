"""Beliefs: what a plan will score and cost, each with doubt, before it is run."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median

from haoqi.explore.plan import Experiment, Plan, distance

REACH = 0.3
"""How far an outcome speaks for other plans, in units of `plan.distance`."""

DOUBT = 0.15
"""Standard deviation of the score of a plan nothing like which was tried."""

# The share of the probed matrix speed that a method may reach: a first guess, until this run has shown its own.
EFFICIENCY = {
    "majority": 0.1,
    "tfidf": 0.3,
    "logistic": 0.3,
    "crf": 0.3,
    "blend": 0.35,
    "probe": 0.35,
    "knn": 0.35,
    "zero_shot": 0.35,
}
USUAL = 0.5

# How methods tend to rank where time is no matter, the best first; only the order in which the costly ones
# are opened follows it, every claim is tested. A guess: docs/decisions.md has accuracies of three of them only.
RANK = ("full", "top_layers", "setfit", "lora", "blend", "probe", "crf", "tfidf", "logistic", "knn", "zero_shot")


@dataclass(frozen=True)
class Belief:
    """What is believed of a plan that was not yet run."""

    score: float | None
    doubt: float
    seconds: float


def expected_score(plan: Plan, history: Sequence[Experiment]) -> tuple[float | None, float]:
    """Return the score that outcomes near the plan suggest, and its standard deviation.

    A kernel average: an outcome counts by its nearness, and the median of all counts once, weakly. With
    nothing scored yet the score is None.
    """
    scored = [(e.score, math.exp(-distance(plan, e.plan) / REACH)) for e in history if e.score is not None]
    if not scored:
        return None, DOUBT
    middle = median(score for score, _ in scored)
    weights = [0.1, *(near for _, near in scored)]
    values = [middle, *(score for score, _ in scored)]
    mean = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    nearest = max(near for _, near in scored)
    return mean, DOUBT * (1 - 0.9 * nearest)


def expected_seconds(
    plan: Plan, work: float, history: Sequence[Experiment], gflops: float, *, kin: Collection[str] = ()
) -> float:
    """Return how long a plan will take: its work, at the speed that its method has shown in this run.

    Args:
        plan: the plan.
        work: what its method says it takes, in 1e9 operations.
        history: what was run; experiments that the budget cut short say nothing of speed.
        gflops: speed of the machine's matrix products.
        kin: methods that compute the same features as the plan's, once for all of them.
    """
    seen = [e for e in history if e.score is not None and e.work > 0 and not e.cut]
    mine = [e for e in seen if e.plan.method == plan.method]
    alike = [e for e in mine if e.plan.base == plan.base] or mine
    covered = [e for e in alike if e.plan.share >= plan.share]
    if alike:
        # What a larger plan computed is kept, so its latest run tells what is left to compute; among smaller
        # ones the longest speaks, since short runs are mostly overhead.
        told = covered[-1] if covered else max(alike, key=lambda e: e.seconds)
        return 0.2 + work * told.seconds / told.work
    unseen = 0.5 + work / (gflops * EFFICIENCY.get(plan.method, USUAL))
    known = any(e.plan.method in kin and e.plan.base == plan.base and e.work > 0.8 * work for e in seen)
    return 1.0 + 0.15 * unseen if known else unseen


def rank(plan: Plan) -> int:
    """Return where a plan's method stands among methods when time is no matter; 0 is the best."""
    return RANK.index(plan.method) if plan.method in RANK else len(RANK) // 2
