"""Which experiment is next, why there is none, and whether it is the time to reflect."""

from haoqi.explore.costs.cost_model import Costs
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.proposal import Step
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.scheduler import Table
from haoqi.explore.setup.context import Lab


def next_step(lab: Lab, history: History, spent_seconds: float) -> Step | None:
    """Return what to try next, or None where the budget is spent or nothing is left to try.

    It uses its arguments only, so a run that was stopped goes on as it would have.
    """
    if out_of_steps(lab, history):
        return None
    budget = lab.settings.budget_seconds
    table = Table(lab, history, None if budget is None else budget - spent_seconds)
    return table.next()


def why_ended(lab: Lab, history: History, spent_seconds: float) -> str:
    """Return why a search ended.

    "steps"; "exhausted" (all was tried); "worth" (what could still be tried is not worth its time); or "budget" (what
    is left does not fit in the time).
    """
    if out_of_steps(lab, history):
        return "steps"
    budget = lab.settings.budget_seconds
    table = Table(lab, history, None if budget is None else budget - spent_seconds)
    return table.why_over()


def shortest_left(lab: Lab, history: History) -> float | None:
    """Return the seconds that the shortest plan that was not tried takes; None where all were."""
    table = Table(lab, history, lab.settings.budget_seconds)
    return min((table.seconds_to_begin(plan) for plan in table.untried()), default=None)


def seconds_of(plan: Plan, lab: Lab, history: History, left_seconds: float | None) -> float:
    """Return how long a plan is believed to take.

    Args:
        plan: any plan of the lab's methods and bases.
        lab: what the experiments share.
        history: what was run so far.
        left_seconds: of the budget; None: only steps count, and costs are those of a nominal machine.
    """
    return Costs.of(lab, history.experiments, timed=left_seconds is not None).cost(plan).seconds


def opening_over(lab: Lab, history: History, left_seconds: float | None) -> bool:
    """Return whether there is a champion, no call is close, and the cheap plans are done: the time to reflect."""
    table = Table(lab, history, left_seconds)
    return history.champion is not None and table.repeat() is None and table.opening() is None


def trains_next(lab: Lab, history: History, left_seconds: float | None) -> bool:
    """Return whether there is a champion and a training comes next: what is learnt of the data now, it can heed."""
    table = Table(lab, history, left_seconds)
    if history.champion is None or table.repeat() is not None:
        return False
    step = table.opening()
    return step is not None and table.tunes(step.plan)


def out_of_steps(lab: Lab, history: History) -> bool:
    """Return whether the limit in steps is reached."""
    return lab.settings.steps is not None and len(history.experiments) >= lab.settings.steps
