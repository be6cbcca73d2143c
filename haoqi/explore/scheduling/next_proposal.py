"""Which experiment is next, why there is none, and whether it is the time to reflect."""

from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.proposal import Proposal
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.scheduler import Scheduler
from haoqi.explore.setup.context import SearchContext


def propose_next(context: SearchContext, history: History, spent_seconds: float) -> Proposal | None:
    """Return what to try next, or None where the budget is spent or nothing is left to try.

    It uses its arguments only, so a run that was stopped goes on as it would have.
    """
    if out_of_steps(context, history):
        return None
    budget = context.settings.budget_seconds
    scheduler = Scheduler(context, history, None if budget is None else budget - spent_seconds)
    return scheduler.next()


def end_reason(context: SearchContext, history: History, spent_seconds: float) -> str:
    """Return why a search ended.

    "steps"; "exhausted" (all was tried); "worth" (what could still be tried is not worth its time); or "budget" (what
    is left does not fit in the time).
    """
    if out_of_steps(context, history):
        return "steps"
    budget = context.settings.budget_seconds
    scheduler = Scheduler(context, history, None if budget is None else budget - spent_seconds)
    return scheduler.end_reason()


def shortest_plan_left(context: SearchContext, history: History) -> float | None:
    """Return the seconds that the shortest plan that was not tried takes; None where all were."""
    scheduler = Scheduler(context, history, context.settings.budget_seconds)
    return min((scheduler.seconds_to_begin(plan) for plan in scheduler.untried_plans()), default=None)


def estimate_seconds(plan: Plan, context: SearchContext, history: History, left_seconds: float | None) -> float:
    """Return how long a plan is believed to take.

    Args:
        plan: any plan of the search's methods and bases.
        context: what the experiments share.
        history: what was run so far.
        left_seconds: of the budget; None: only steps count, and costs are those of a nominal machine.
    """
    return CostModel.of(context, history.experiments, timed=left_seconds is not None).cost(plan).seconds


def opening_over(context: SearchContext, history: History, left_seconds: float | None) -> bool:
    """Return whether there is a champion, no call is close, and the cheap plans are done: the time to reflect."""
    scheduler = Scheduler(context, history, left_seconds)
    return history.champion is not None and scheduler.propose_repeat() is None and scheduler.propose_opening() is None


def trains_next(context: SearchContext, history: History, left_seconds: float | None) -> bool:
    """Return whether there is a champion and a training is next, whose recipe can follow lessons about the data."""
    scheduler = Scheduler(context, history, left_seconds)
    if history.champion is None or scheduler.propose_repeat() is not None:
        return False
    proposal = scheduler.propose_opening()
    return proposal is not None and scheduler.trains_base(proposal.plan)


def out_of_steps(context: SearchContext, history: History) -> bool:
    """Return whether the limit in steps is reached."""
    return context.settings.steps is not None and len(history.experiments) >= context.settings.steps
