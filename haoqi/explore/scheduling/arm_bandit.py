"""Exploring and reflecting compete for time by what they have bought in this run.

Thompson sampling (Thompson, 1933, doi:10.1093/biomet/25.3-4.285): each side draws a rate of verified gain from its
posterior, and the higher draw has the next step. A step's gain is taken to be normal about rate times duration, with
a variance that grows with the duration, so a normal-gamma posterior needs three sums. Both sides share a weak prior:
what all steps together have bought.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record.history import History

ARMS = ("explore", "reflect")

PROPOSED = "proposed"
"""The kind of reason of a plan that a strategy chose."""

TYPICAL = 0.005
"""A gain that a step may well bring where nothing else is known."""

# The prior weighs as much as one step of typical duration, and its variance as much as one more.
_STEPS, _SHAPE = 1.0, 1.0


@dataclass(frozen=True)
class ArmSpending:
    """What a side spent, and the verified gain that it bought."""

    arm: str
    gain: float
    duration: float
    """In seconds, or 1 where only steps count."""


def count_spending(history: History, begun: int, *, timed: bool) -> list[ArmSpending]:
    """Return what each side spent since they compete, and what it bought.

    A repeat belongs to the side whose plan it repeats. Looking for lessons is time of reflecting that bought nothing.

    Args:
        history: of the run.
        begun: how many experiments came before.
        timed: whether clocks count.
    """
    first: dict[str, str] = {}
    for experiment in history.experiments:
        first.setdefault(experiment.plan.key, experiment.role)
    found: list[ArmSpending] = []
    level: float | None = None
    for experiment, verdict in zip(history.experiments, history.verdicts, strict=False):
        gain = 0.0 if level is None or verdict.score is None else verdict.score - level
        level = verdict.score if verdict.score is not None else level
        if experiment.number > begun:
            arm = "reflect" if first[experiment.plan.key] == "reflect" else "explore"
            found.append(ArmSpending(arm, gain, max(0.01, experiment.seconds) if timed else 1.0))
    if timed and history.thought_seconds > 0:
        found.append(ArmSpending("reflect", 0.0, history.thought_seconds))
    return found


def has_begun(experiments: Sequence[Experiment]) -> int:
    """Return how many experiments came before the first that a side chose: the opening is nobody's merit."""
    chosen = [e.number for e in experiments if e.role == "reflect" or (e.why and e.why.kind == PROPOSED)]
    return min(chosen, default=len(experiments) + 1) - 1


def choose_arm(seen: Sequence[ArmSpending], rng: np.random.Generator) -> str:
    """Return the side that has the next step."""
    usual = median([one.duration for one in seen]) if seen else 1.0
    total = sum(one.duration for one in seen)
    shared = sum(one.gain for one in seen) / (total + _STEPS * usual)
    draws = {arm: _drawn([one for one in seen if one.arm == arm], shared, usual, rng) for arm in ARMS}
    return max(ARMS, key=lambda arm: draws[arm])


def _drawn(mine: Sequence[ArmSpending], shared: float, usual: float, rng: np.random.Generator) -> float:
    """Return a rate drawn from the normal-gamma posterior of one side.

    Args:
        mine: its steps.
        shared: the prior's rate.
        usual: duration of a typical step.
        rng: source of the draw.
    """
    before = _STEPS * usual
    durations, gains = (np.array([getattr(one, name) for one in mine]) for name in ("duration", "gain"))
    weight = before + float(durations.sum())
    mean = (before * shared + float(gains.sum())) / weight
    shape = _SHAPE + len(mine) / 2
    # Gains about the posterior's rate, and the rate about the prior's, per unit of duration.
    off = float(((gains - mean * durations) ** 2 / durations).sum()) if len(mine) else 0.0
    scale = _SHAPE * TYPICAL**2 / usual + (off + before * (mean - shared) ** 2) / 2
    variance = scale / float(rng.gamma(shape))
    return float(rng.normal(mean, np.sqrt(variance / weight)))
