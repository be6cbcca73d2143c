"""A retest: a close call between plans that depend on no seed is decided on more examples.

Another seed gives such plans the same model, so what a few hundred validation examples leave open stays open. But they
are cheap to fit: cross-validated on training and validation examples together, both answer several times as many, each
by a model that had not seen it (Stone, 1974, "Cross-Validatory Choice and Assessment of Statistical Predictions").
The first test and the retest use half of the share of alpha each, so that both together promote a plan that is no
better as seldom as one test would.
"""

from collections.abc import Callable
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.events import Note
from haoqi.core.say import say
from haoqi.evaluate.metric import Statistics
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.experiments.cross_validation import cross_decode, cross_validate
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History
from haoqi.explore.setup.context import SearchContext

Pair = tuple[Statistics, Statistics]

MOST_ROWS = 2000
"""With more validation examples than this they show any difference that matters."""

SHARE = 0.1
"""Of the time left, what a retest may take."""


def retest_close_call(
    challenger: Experiment, champion: Experiment, history: History, context: SearchContext
) -> Callable[[], Pair | None] | None:
    """Return what computes the statistics of both on more examples; None where there is no retest.

    There is one for plans that depend on no seed and learn from all examples, where it takes little of the time left.
    What is returned gives None where a plan cannot be cross-validated.
    """
    plans = (challenger.plan, champion.plan)
    if (
        context.folds
        or not 0 < len(context.splits.valid) <= MOST_ROWS
        or not all(_certain(plan, context) for plan in plans)
    ):
        return None
    if (budget := context.settings.budget_seconds) is not None:
        costs = CostModel.of(context, history.experiments, timed=True)
        missing = (plan for plan in plans if not _place(plan, context).exists())
        if sum(costs.cross_validation_seconds(plan) for plan in missing) > SHARE * (budget - history.spent_seconds):
            return None
    return lambda: _retested(challenger.plan, champion.plan, context)


def read_retest(one: Plan, other: Plan, context: SearchContext) -> Pair | None:
    """Return the statistics of two plans on all examples but the test split, where retests have computed both."""
    try:
        return artifacts.read_statistics(_place(one, context)), artifacts.read_statistics(_place(other, context))
    except UserError:
        return None


def _retested(challenger: Plan, champion: Plan, context: SearchContext) -> Pair | None:
    rows = len(context.cross_validated.judged)
    context.listen(Note(say("retest.begun", plan=champion.words(), count=rows)))
    try:
        return _statistics(challenger, context), _statistics(champion, context)
    except (UserError, ArithmeticError, MemoryError, RuntimeError, ValueError, LookupError, TypeError) as error:
        context.listen(Note(say("retest.failed", reason=str(error)), warning=True))
        return None


def _statistics(plan: Plan, context: SearchContext) -> Statistics:
    """Return a plan's counts for the deciding metric in cross-validation, kept once computed."""
    place, there = _place(plan, context), context.cross_validated
    try:
        return artifacts.read_statistics(place)
    except UserError:  # not there yet, or the process was killed on the way
        answers = cross_decode(cross_validate(plan, there), there)
        artifacts.write_statistics(place, context.task.metric.count(there.judged, answers, context.task))
    return artifacts.read_statistics(place)


def _certain(plan: Plan, context: SearchContext) -> bool:
    """Return whether a plan is the same whatever the seed, and learns from all examples."""
    return plan.method in context.makers and plan.share == 1.0 and not context.method(plan).stochastic


def _place(plan: Plan, context: SearchContext) -> Path:
    return context.folder / "retrials" / plan.key
