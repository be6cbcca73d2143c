"""Train longer: what as much time again would bring, by what is believed of the plans that were not tried.

The beliefs are those that the search chose by (`beliefs/surrogate.py`; Rasmussen and Williams, 2006). A plan counts
only if the paired test would let it pass, so the gain is 0 where nothing beats the champion. The knowledge curve I(t)
says beside it what the last half of the experiments brought. Where the plan that promises most takes longer than
that, the step is that plan alone, with its own price and gain.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.evaluate.advice import NextStep
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._step_parts import step
from haoqi.explore.advice.next_steps._verified import verified
from haoqi.explore.advice.run_end import RunEnd
from haoqi.explore.advice.untried_plan import UntriedPlan, find_untried, most_promising, none_with_base
from haoqi.explore.plans.plan import Plan
from haoqi.explore.scheduling.candidate_plans import candidate_plans


@next_steps.register
@dataclass(frozen=True)
class TrainLonger:
    """How much longer."""

    accepts: ClassVar[Accepts] = ANYTHING

    times: Annotated[float, Range(0.1, 100.0)] = 1.0
    """Of the budget that the run had; of ten minutes where it was limited in steps."""

    def suggest(self, run_end: RunEnd) -> NextStep:
        """Return the step, with the plans that would be tried."""
        seconds = self.times * run_end.longer_seconds
        plans, taken = _affordable(run_end, seconds)
        lessons = run_end.history.open_lessons if run_end.context.settings.reflect else []
        dear = find_untried(run_end.context, run_end.history, run_end.costs, run_end.acquisition)
        if dear is not None and (dear.plan not in plans or none_with_base(run_end.context, run_end.history)):
            return _dear(run_end, dear)
        taken = min(seconds, taken + sum(run_end.costs.cost(one.plans[0]).seconds for one in lessons))
        minutes, lately = (taken or seconds) / 60, _lately(run_end)
        if not plans and not lessons:
            return step("train_longer", "train_longer_exhausted", np.zeros(1), {"minutes": minutes, "lately": lately})
        draws = verified(run_end, plans, lessons=lessons)
        found = most_promising(plans, run_end.acquisition)
        best = (found[0] if found else lessons[0].plans[0]).words()
        evidence = {"minutes": minutes, "plans": len(plans), "lessons": len(lessons), "best": best, "lately": lately}
        return step("train_longer", "train_longer", draws, evidence, compute_seconds=taken)


def _dear(run_end: RunEnd, dear: UntriedPlan) -> NextStep:
    """Return the step of a plan that as much time again does not cover, or that is of a kind not tried at all."""
    evidence = {
        "minutes": dear.more_seconds / 60,
        "best": dear.plan.words(),
        "price": dear.seconds,
        "total": dear.minutes,
        "lately": _lately(run_end),
    }
    reason = "train_longer_first" if none_with_base(run_end.context, run_end.history) else "train_longer_dear"
    draws = verified(run_end, [dear.plan])
    return step("train_longer", reason, draws, evidence, compute_seconds=dear.more_seconds)


def _affordable(run_end: RunEnd, seconds: float) -> tuple[list[Plan], float]:
    """Return the untried plans that promise most for their time, as many as it takes in, and what they take."""
    tried = {experiment.plan.key for experiment in run_end.history.experiments}
    prices = {
        plan: run_end.costs.cost(plan).seconds for plan in candidate_plans(run_end.context) if plan.key not in tried
    }
    plans = [plan for plan, price in prices.items() if price <= seconds]
    if not plans:
        return [], 0.0
    joint = run_end.acquisition.surrogate.believe(plans)
    values = run_end.acquisition.verified_gain(joint.mean, joint.deviation, run_end.acquisition.required_leads(plans))
    rates = {plan: float(value) / max(0.05, prices[plan]) for plan, value in zip(plans, values, strict=True)}
    chosen, taken = list[Plan](), 0.0
    for plan in sorted(plans, key=lambda plan: (-rates[plan], plan.key)):
        if taken + prices[plan] <= seconds:
            chosen.append(plan)
            taken += prices[plan]
    return chosen, taken


def _lately(run_end: RunEnd) -> float:
    """Return what the last half of the experiments added to I(t)."""
    scores = [verdict.score for verdict in run_end.history.verdicts if verdict.score is not None]
    return scores[-1] - scores[len(scores) // 2] if scores else 0.0
