"""Beliefs: what a plan will score, with doubt, before it is run; `costs` has what it will take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from haoqi.explore.plan import Experiment, Plan, distance

REACH = 0.3
"""How far an outcome speaks for other plans, in units of `plan.distance`."""

DOUBT = 0.15
"""Standard deviation of the score of a plan nothing like which was tried."""

# How methods tend to rank where time is no matter, the best first; only the order in which the costly ones
# are opened follows it, every claim is tested. A guess: docs/decisions.md has accuracies of three of them only.
RANK = ("full", "top_layers", "setfit", "lora", "blend", "probe", "crf", "tfidf", "logistic", "knn", "zero_shot")


@dataclass(frozen=True)
class Belief:
    """What is believed of a plan that was not yet run."""

    score: float | None
    doubt: float
    seconds: float
    """The median: longer is as likely as shorter."""
    seconds_spread: float = 0.0
    """Standard deviation of the natural logarithm of the seconds."""


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


def rank(plan: Plan) -> int:
    """Return where a plan's method stands among methods when time is no matter; 0 is the best."""
    return RANK.index(plan.method) if plan.method in RANK else len(RANK) // 2
