"""Plans made of other plans: an ensemble of the best, and a fast student that learns from it."""

from collections.abc import Callable
from dataclasses import replace

from haoqi.data.recipes import recipes
from haoqi.explore.beliefs.evidence_pooling import cross_dataset_lead
from haoqi.explore.experiments.ensemble_selection import (
    FEWEST,
    MEMBERS,
    POOLED,
    choose_weights,
    ensemble_answers,
    member_experiments,
)
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Plan
from haoqi.explore.promotion.selection_bias import champion_selection_bias
from haoqi.explore.record.history import History
from haoqi.explore.setup.context import SearchContext

FASTER = 2.0
"""A student must answer so many times as many texts in a second as its teacher."""

REACH = 0.05
"""A plan that scored so much less than the teacher will not learn to be as good."""


def propose_ensemble(context: SearchContext, history: History) -> Plan | None:
    """Return the ensemble that might be better than the champion, or None where there is none.

    Its answers are there already, so one that does not even look better on the halves is not proposed. Where other data
    sets know what ensembles bring, the selection bias of the champion is taken off its score.
    """
    plan = compose_ensemble(context, history)
    if plan is None or any(experiment.plan.key == plan.key for experiment in history.experiments):
        return None
    predictions, _ = ensemble_answers(plan, context)
    score = context.task.metric.merit_of(context.judged, predictions, context.task)
    if (
        score <= (level := history.champion_score or 0.0)
        and cross_dataset_lead(context)(plan, history.found().plan) is not None
    ):
        level -= champion_selection_bias(history, context)
    return plan if score > level else None


def compose_ensemble(context: SearchContext, history: History) -> Plan | None:
    """Return the ensemble of the best, however it scores, or None where too few would be its members."""
    best, found = history.champion, member_experiments(history)
    if (
        best is None
        or not POOLED.takes(context.task.output.kind, pairs=context.task.pairs)
        or len(found) < FEWEST
        or len(context.judged) < 2
    ):
        return None
    plans = tuple(one.plan for one in found)
    weights = choose_weights(plans, context)
    if sum(weight > 0 for weight in weights) < 2:
        return None
    numbers = tuple(one.number for one in found)
    settings = {"weights": weights, "library": numbers}
    return Plan.of(ENSEMBLE, None, settings, made_of=plans)


def rough_ensemble(history: History) -> Plan | None:
    """Return an ensemble of the best that is as dear to release as any, or None where there are too few."""
    plans = tuple(one.plan for one in member_experiments(history)[:MEMBERS])
    if len(plans) < FEWEST:
        return None
    return Plan.of(ENSEMBLE, None, {"weights": (1 / len(plans),) * len(plans)}, made_of=plans)


def propose_student(context: SearchContext, history: History, answering: Callable[[Plan], float]) -> Plan | None:
    """Return the plan that is to learn from the champion, an ensemble; None where none is fast and near enough.

    Args:
        context: what the experiments share.
        history: what was tried; each teacher has one student.
        answering: seconds that answering some texts takes, the same for every plan and in every sitting.
    """
    teacher = history.champion
    if teacher is None or teacher.plan.method != ENSEMBLE or teacher.score is None:
        return None
    task = context.task
    if not recipes.build(DISTIL).accepts.takes(task.output.kind, pairs=task.pairs):
        return None
    if any(experiment.plan.made_of == (teacher.plan,) for experiment in history.experiments):
        return None
    limit = answering(teacher.plan) / FASTER
    able = [
        one
        for one in history.experiments
        if one.score is not None and one.score >= teacher.score - REACH
        if one.plan.method in context.makers and not one.plan.made_of and one.plan.share == 1.0 and one.plan.seed == 0
        if context.method(one.plan).weighs != "no" and answering(one.plan) <= limit
    ]
    best = max(able, key=lambda one: (one.score or 0.0, -one.number), default=None)
    return None if best is None else replace(best.plan.with_recipe(DISTIL), made_of=(teacher.plan,))
