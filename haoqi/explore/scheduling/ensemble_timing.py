"""When to try the ensemble of the best: late, so that the best are known, while there is time to release it.

Members learn from all examples before they are released, as a champion alone would. Without that a promoted ensemble
may be worse than its best member with it, so there must be time to fit most of it once more.
"""

from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.ensemble_plans import rough_ensemble
from haoqi.explore.setup.context import SearchContext

LAST_STEPS, LAST_SHARE = 2, 0.1
"""So many steps, or so much of the time, before its end a search tries the ensemble of the best."""

RELEASE_SHARE = 0.5
"""And at most so much of the time sooner, as scoring the models of all members and fitting them once more takes."""

AGAIN_SHARE = 0.8
"""Of an ensemble's weights, what members must have for whose last fit there is time."""


def is_end_near(context: SearchContext, history: History, costs: CostModel, left: float | None) -> bool:
    """Return whether the end is near: few steps are left, or little time besides releasing an ensemble.

    Args:
        context: what the experiments share.
        history: what was run.
        costs: what plans cost now.
        left: seconds of the budget; None: only steps count.
    """
    settings, done = context.settings, len(history.experiments)
    if left is None:
        return settings.steps is not None and settings.steps - done <= LAST_STEPS
    budget = settings.budget_seconds or 0.0
    if left > (LAST_SHARE + RELEASE_SHARE) * budget:
        return False
    plan = rough_ensemble(history) if settings.ensemble else None
    released = costs.reserve_seconds(plan)
    if plan is not None and settings.refit and not context.folds:
        released += costs.refit_seconds(plan)
    return left - min(released, RELEASE_SHARE * budget) <= LAST_SHARE * budget


def can_refit(plan: Plan, context: SearchContext, costs: CostModel, left: float | None) -> bool:
    """Return whether most of an ensemble can learn from all examples in time, where that is asked for."""
    if left is None or context.folds or not context.settings.refit:
        return True
    again = costs.affordable_refits(plan, left - costs.reserve_seconds(plan))
    return sum(weight for one, weight in plan.members if one in again) >= AGAIN_SHARE
