"""Scores on nested parts of the examples: what a learning curve is fitted to, within a bounded time.

Experiments at smaller fidelities are used where the ledger has some. Beyond them the champion's plan is fitted on a
quarter and a half of the examples, a few draws of each; where that would take too long, the best plan that would not.
How many fits are made follows from their predicted cost, never from a clock.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from haoqi.core.deadline import OutOfTimeError, after, until
from haoqi.core.events import Advanced
from haoqi.data.examples import Examples
from haoqi.explore.advice.learning_curve import DRAW, LearningCurve, Pass, fit_curve, prior_curve
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.experiments.cross_validation import cross_decode, cross_scores
from haoqi.explore.experiments.fit_job import build_job
from haoqi.explore.experiments.results import pool_statistics
from haoqi.explore.experiments.training_data import sample_examples
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.history import History
from haoqi.explore.setup.context import SearchContext
from haoqi.models.predictor import Predictor

SHARES = (0.25, 0.5)
"""Parts of what a plan learns from; each halving shows the curve's slope as well as ten times the fits further up."""

MOST_DRAWS = 4

FEWEST = 16
"""No part has fewer examples."""

_SAME, _BARE, _OTHER = 0.0, 0.25, 0.4


@dataclass(frozen=True)
class MeasuredCurve:
    """The champion's learning curve, and what it was measured by."""

    curve: LearningCurve
    plan: Plan | None = None
    """What was fitted on parts; None: nothing, the curve is what is usual."""
    passes: int = 0
    """How many scores on parts it knows."""


def measure_curve(context: SearchContext, history: History, costs: CostModel, seconds: float) -> MeasuredCurve:
    """Return the champion's learning curve.

    Args:
        context: what the experiments share.
        history: what was run; there is a champion.
        costs: what plans take.
        seconds: how long fits on parts may take, as they are predicted.
    """
    champion = history.leading()
    score = champion.score or 0.0
    usual = prior_curve(
        rows_of(champion.plan, context), score, len(context.judged), seeds=_seeds(champion, context, history)
    )
    for experiment, doubt in _candidates(champion, history):
        draws = _affordable(experiment.plan, context, costs, seconds)
        known = _recorded(experiment, context, history)
        if not draws and not known:
            continue
        limit = seconds if costs.timed else None
        passes = [
            *known,
            *_made(experiment.plan, context.heard(until(after(limit), context.listen)), draws, limit=limit),
        ]
        mine = usual if doubt == _SAME else _own(experiment, context, history)
        whole = pool_statistics([experiment], context)
        rng = context.generator("learning curve")
        found = fit_curve(mine, passes, whole, context.task.metric.merit, rng=rng, models=max(1, context.folds))
        if doubt:
            found = replace(found.of(usual.error, doubt), rows=usual.rows, seed_variance=usual.seed_variance)
        return MeasuredCurve(found, experiment.plan, len(passes))
    return MeasuredCurve(usual)


def rows_of(plan: Plan, context: SearchContext) -> float:
    """Return how many examples the models learnt from that a plan was judged by."""
    if not context.folds:
        return len(context.splits.train) * plan.share
    return len(context.judged) * (context.folds - 1) / context.folds * plan.share


def _own(experiment: Experiment, context: SearchContext, history: History) -> LearningCurve:
    rows, seeds = rows_of(experiment.plan, context), _seeds(experiment, context, history)
    return prior_curve(rows, experiment.score or 0.0, len(context.judged), seeds=seeds)


def _candidates(champion: Experiment, history: History) -> Iterator[tuple[Experiment, float]]:
    """Yield experiments whose plans may stand for the champion's, the best first, and how doubtful that is."""
    plan = champion.plan
    if not plan.recipe:
        yield champion, _SAME
    scored = [e for e in history.alone if e.score is not None and not e.plan.recipe and e.plan.seed == 0]
    bare = replace(plan, recipe=(), seed=0)
    for experiment in scored:
        if plan.recipe and experiment.plan == bare:
            yield experiment, _BARE
    for experiment in sorted(scored, key=lambda e: (-(e.score or 0.0), e.number)):
        if experiment.plan.share == 1.0 and experiment.plan not in (bare, plan):
            yield experiment, _OTHER


def _affordable(plan: Plan, context: SearchContext, costs: CostModel, seconds: float) -> int:
    """Return how many draws of parts can be fitted in a time."""
    least = sum(costs.cost(replace(plan, share=plan.share * share)).seconds for share in _shares(plan, context))
    return min(MOST_DRAWS, int(seconds / least)) if least > 0 else 0


def _shares(plan: Plan, context: SearchContext) -> tuple[float, ...]:
    least = max(FEWEST, len(context.task.labels))  # one for each label; numbers have none
    return tuple(share for share in SHARES if share * rows_of(plan, context) >= least)


def _recorded(experiment: Experiment, context: SearchContext, history: History) -> list[Pass]:
    """Return what the ledger has of the same plan on smaller shares."""
    plan = replace(experiment.plan, seed=0)
    smaller = {
        e.plan.share: e
        for e in history.experiments
        if e.score is not None and e.plan.share < plan.share and replace(e.plan, share=plan.share) == plan
    }
    return [Pass(rows_of(e.plan, context), 0, pool_statistics([e], context)) for _, e in sorted(smaller.items())]


def _made(plan: Plan, context: SearchContext, draws: int, *, limit: float | None) -> Iterator[Pass]:
    """Yield passes draw by draw; where clocks count, as many as are done in their time, the last one cut off."""
    begun = time.perf_counter()
    for draw in range(1, draws + 1):
        for share in _shares(plan, context):
            left = None if limit is None else limit - (time.perf_counter() - begun)
            if left is not None and left <= 0:
                return
            try:
                yield _pass(replace(plan, share=plan.share * share), context, draw, left)
            except OutOfTimeError:
                return


def _pass(plan: Plan, context: SearchContext, draw: int, seconds: float | None) -> Pass:
    """Return the judged examples answered by models of one draw of a share, as an experiment answers them."""

    def fit(examples: Examples, fold: int) -> Predictor:
        train, part = sample_examples(examples, plan, context, draw), (fold, max(1, context.folds))
        limit = None if seconds is None else max(1.0, seconds / part[1])
        context.listen(Advanced(fold / part[1]))
        return context.method(plan).fit(replace(build_job(plan, context, train, seconds=limit, part=part), folder=None))

    scores = cross_scores(context, fit) if context.folds else fit(context.splits.train, 0).scores(context.judged)
    answers = cross_decode(scores, context)
    counts = context.task.metric.count(context.judged, answers, context.task)
    return Pass(rows_of(plan, context), draw, counts)


def _seeds(experiment: Experiment, context: SearchContext, history: History) -> float:
    """Return the standard deviation of a score by the seed of a fit; where it was not seen, a usual one."""
    if not context.method(experiment.plan).stochastic:
        return 0.0
    scores = [e.score for e in history.seeds_of(experiment.plan) if e.score is not None]
    error = 1 - (experiment.score or 0.0)
    usual = DRAW / 2 * error * (1 - error) / rows_of(experiment.plan, context)
    return float(np.sqrt((2 * usual + len(scores) * np.var(scores)) / (1 + len(scores))))
