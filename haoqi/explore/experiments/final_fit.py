"""The final fit: the released model learns from the validation examples, too, once they have judged the plans.

What was tested is a plan, and more examples of the same kind make it better on the whole. Where time is short a
training takes as many steps on more examples as it allows, and of an ensemble some members learn. One fit may go wrong,
so the new model must know the validation examples, which it learnt, as well as the judged one, which had not seen
them; else the judged one is released. Calibration stays as it was found on answers to examples that were not learnt.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from haoqi.core.deadline import OutOfTimeError, after, until
from haoqi.core.events import Note, Stage
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.explore.costs.closing_costs import LATE
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.experiments.fit_job import build_job
from haoqi.explore.experiments.model_store import build_ensemble, load_model, rebuild_model
from haoqi.explore.experiments.training_data import training_examples
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.record.history import History
from haoqi.explore.setup.artifact_paths import checkpoint_folder
from haoqi.explore.setup.context import SearchContext
from haoqi.models.model import Model


def final_model(
    experiment: Experiment, context: SearchContext, history: History, left: float | None, *, stopped: bool = False
) -> Model:
    """Return what a champion is released as; its fact `learnt_from` tells how many examples it may have learnt from.

    Args:
        experiment: the champion.
        context: what the experiments share.
        history: what was run.
        left: seconds of the budget; None: no clock counts.
        stopped: whether the person ended the search, and does not want to wait for another fit.
    """
    plan, rows = experiment.plan, len(context.splits.train)
    if context.folds:
        return _knowing(
            _refitted(plan, context, _Again(_in_time(experiment, context, history, left))), len(context.judged)
        )
    again = _NOTHING if stopped else _again(experiment, context, history, left)
    if again.plans:
        whole = rows + len(context.splits.valid)
        context.listen(Stage("refitting", say("refit.stage", count=whole)))
        try:
            model = _refitted(plan, context.heard(until(after(again.seconds), context.listen)), again)
            if _score(model, context) >= (experiment.score or 0.0):
                return _knowing(model, whole)
            why = say("refit.why.no_better")
        except KeyboardInterrupt:
            why = say("refit.why.stopped")
        except OutOfTimeError:
            why = say("refit.why.too_long")
        context.listen(Note(why, warning=True))
    return _knowing(load_model(experiment, context), rows)


@dataclass(frozen=True)
class _Again:
    """What is fitted once more."""

    plans: Mapping[Plan, float | None]
    """A champion, or those members of one that have the time, and the seconds each may take; None: all it takes."""
    seconds: float | None = None
    """After which all is stopped; None: never."""


_NOTHING = _Again({})


def _again(experiment: Experiment, context: SearchContext, history: History, left: float | None) -> _Again:
    """Return what of a champion is fitted once more.

    What the clock cut short would be again, and some fits would be; a training of a base is then given what time there
    is, if that is at least what its first fit took.
    """
    plan = experiment.plan
    if not context.settings.refit or not len(context.splits.valid):
        return _NOTHING
    if left is None:
        return _Again(_alone(plan))
    cut = [one.plan for one in (experiment, *history.experiments) if one.cut]
    costs = CostModel.of(context, history.experiments, timed=True)
    budget = context.settings.budget_seconds or 0.0
    spare = max(0.0, left - costs.scoring_seconds(plan) - costs.closing_seconds(plan)) + LATE * budget
    most = max(1.0, left - costs.scoring_seconds(plan) - costs.closing_seconds(None)) + LATE * budget
    if plan.method == ENSEMBLE:
        found = {one: limit for one, limit in costs.affordable_refits(plan, spare).items() if limit or one not in cut}
        limits = {one: limit and limit - costs.judging_seconds(one) for one, limit in found.items()}
        return _Again(limits, most)
    if plan not in cut and costs.refit_seconds(plan) <= spare:
        return _Again({plan: None}, most)
    if costs.shorter_refit_seconds(experiment) <= spare:
        return _Again({plan: spare - costs.judging_seconds(plan)}, most)
    return _NOTHING


def _in_time(
    experiment: Experiment, context: SearchContext, history: History, left: float | None
) -> dict[Plan, float | None]:
    """Return the plans of a champion that was cross-validated, each with the seconds that its only fit may take.

    It must be fitted, so what gives way gets its part of the time, and at least what a fold took.
    """
    plan = experiment.plan
    found = _alone(plan)
    if left is None:
        return found
    costs = CostModel.of(context, history.experiments, timed=True)
    spare = left - costs.scoring_seconds(plan) - costs.closing_seconds(plan)
    needed = {one: costs.refit_seconds(one) for one in found}
    ran = {one.plan: one.seconds for one in (experiment, *history.experiments)}
    for one in found:
        if context.method(one).elastic:
            part = spare * needed[one] / max(1e-9, sum(needed.values()))
            found[one] = max(part, ran.get(one, needed[one]) / context.folds)
    return found


def _alone(plan: Plan) -> dict[Plan, float | None]:
    """Return the plans that are fitted for a plan's model, each in the time that it takes."""
    return {one: None for one, _ in plan.members}


def _refitted(plan: Plan, context: SearchContext, again: _Again) -> Model:
    """Return the model of a plan, fitted on training and validation examples as far as it is to be."""
    if plan.method == ENSEMBLE:
        return build_ensemble(plan, context, lambda one: _refitted(one, context, again))
    if plan not in again.plans:
        return load_model(Experiment(plan, score=None), context)
    begun = time.perf_counter()
    train = training_examples(plan, context, Examples.join([context.splits.train, context.splits.valid]))
    limit = again.plans[plan]
    left = None if limit is None else max(1.0, limit - (time.perf_counter() - begun))
    job = replace(build_job(plan, context, train, seconds=left), folder=checkpoint_folder(plan, context) / "whole")
    return rebuild_model(context.method(plan).fit(job), plan, context)


def _knowing(model: Model, rows: int) -> Model:
    return replace(model, facts={**model.facts, "learnt_from": rows})


def _score(model: Model, context: SearchContext) -> float:
    """Return a model's score on the validation examples."""
    valid, task = context.splits.valid, context.task
    return task.metric.merit_of(valid, model.predict(valid), task)
