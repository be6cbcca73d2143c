"""The most promising plan of those that were not tried, and the minutes of a run that has time for it.

A search ends where nothing that is left fits into its time, so the best of what is left is often dear: with one minute
no training of a base. It is chosen by what it is expected to gain, not by its gain per minute, which favours a share of
the examples over the whole; but of plans that promise about as much it is the quickest, and none that takes an hour
after a minute.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from haoqi.explore.beliefs.acquisition import Acquisition
from haoqi.explore.costs.closing_costs import ADVICE_SHARE, report_seconds
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.setup.context import SearchContext

NEARLY = 0.8
"""Plans that are expected to gain so much of what the best one is promise about as much."""

FAR = 10.0
"""What takes more than so many times the minutes of the run is named only where all does."""


@dataclass(frozen=True)
class UntriedPlan:
    """A plan that was not tried, and its price."""

    plan: Plan
    gain: float
    """Verified, as it is expected."""
    seconds: float
    """What the plan alone takes."""
    minutes: int
    """Of the whole run, `--minutes`, that have time for it."""
    more_seconds: float
    """What these minutes are more than the run had."""


def most_promising(plans: Sequence[Plan], acquisition: Acquisition) -> tuple[Plan, float] | None:
    """Return the plan that is expected to gain most where a test must say so, and that gain; None of none."""
    if not plans:
        return None
    gains = gains_of(plans, acquisition)
    best = max(plans, key=lambda plan: gains[plan])
    return best, gains[best]


def gains_of(plans: Sequence[Plan], acquisition: Acquisition) -> dict[Plan, float]:
    """Return what each plan is expected to gain where a test must say so."""
    joint = acquisition.surrogate.believe(plans)
    values = acquisition.verified_gain(joint.mean, joint.deviation, acquisition.required_leads(plans))
    return dict(zip(plans, values.tolist(), strict=True))


def find_untried(
    context: SearchContext, history: History, costs: CostModel, acquisition: Acquisition
) -> UntriedPlan | None:
    """Return the most promising plan on all examples that was not tried; None where all were, or no clock counts."""
    tried = {experiment.plan.key for experiment in history.experiments}
    plans = [plan for plan in candidate_plans(context) if plan.share == 1.0 and plan.key not in tried]
    if not plans or (budget := context.settings.budget_seconds) is None:
        return None
    prices = {plan: costs.cost(plan).seconds for plan in plans}
    near = [plan for plan in plans if prices[plan] <= FAR * budget] or [min(plans, key=lambda one: prices[one])]
    gains = gains_of(near, acquisition)
    good = [plan for plan in near if gains[plan] >= NEARLY * max(gains.values())]
    plan = min(good, key=lambda one: (prices[one], one.key))
    gain = gains[plan]
    minutes = minutes_for(plan, context, history, costs)
    return UntriedPlan(plan, gain, costs.cost(plan).seconds, minutes, 60.0 * minutes - budget)


def minutes_for(plan: Plan, context: SearchContext, history: History, costs: CostModel) -> int:
    """Return the whole minutes of a run that goes on as far as this plan and its release, more than it had."""
    again = costs.refit_seconds(plan) if context.folds else 0.0
    seconds = costs.cost(plan).at_most() + costs.scoring_seconds(plan) + again
    seconds += report_seconds(context, costs.rates, len(history.experiments) + 1)
    whole = (history.spent_seconds + seconds) / (1 - ADVICE_SHARE)
    return max(math.ceil(whole / 60), math.floor(context.settings.minutes or 0.0) + 1)


def none_with_base(context: SearchContext, history: History) -> bool:
    """Return whether methods with a pretrained base may be tried, and none was."""
    able = any(maker.uses_base for maker in context.makers.values())
    return able and not any(one.plan.base for one in history.alone)
