"""The last fit: what was held back to judge plans has judged them, so what is released learns from it, too.

What was proved is a plan, and more examples of the same kind make it better on the whole. Where time is short a
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
from haoqi.explore.costs.cost_model import Costs
from haoqi.explore.experiments.fit_job import checkpoint_of, job_of
from haoqi.explore.experiments.run_experiment import built, ensemble_of, model_of
from haoqi.explore.experiments.training_data import training_examples
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.record.history import History
from haoqi.explore.setup.context import Lab
from haoqi.models.model import Model


def final_model(
    experiment: Experiment, lab: Lab, history: History, left: float | None, *, stopped: bool = False
) -> Model:
    """Return what a champion is released as; its fact `learnt_from` tells how many examples it may have learnt from.

    Args:
        experiment: the champion.
        lab: what the experiments share.
        history: what was run.
        left: seconds of the budget; None: no clock counts.
        stopped: whether the person ended the search, and does not want to wait for another fit.
    """
    plan, rows = experiment.plan, len(lab.splits.train)
    if lab.folds:
        return _knowing(_refitted(plan, lab, _Again(_in_time(experiment, lab, history, left))), len(lab.judged))
    again = _NOTHING if stopped else _again(experiment, lab, history, left)
    if again.plans:
        whole = rows + len(lab.splits.valid)
        lab.listen(Stage("refitting", say("refit.stage", count=whole)))
        try:
            model = _refitted(plan, lab.heard(until(after(again.seconds), lab.listen)), again)
            if _score(model, lab) >= (experiment.score or 0.0):
                return _knowing(model, whole)
            why = say("refit.why.no_better")
        except KeyboardInterrupt:
            why = say("refit.why.stopped")
        except OutOfTimeError:
            why = say("refit.why.too_long")
        lab.listen(Note(why, warning=True))
    return _knowing(model_of(experiment, lab), rows)


@dataclass(frozen=True)
class _Again:
    """What is fitted once more."""

    plans: Mapping[Plan, float | None]
    """A champion, or those members of one that have the time, and the seconds each may take; None: all it takes."""
    seconds: float | None = None
    """After which all is stopped; None: never."""


_NOTHING = _Again({})


def _again(experiment: Experiment, lab: Lab, history: History, left: float | None) -> _Again:
    """Return what of a champion is fitted once more.

    What the clock cut short would be again, and some fits would be; a training of a base is then given what time there
    is, if that is at least what its first fit took.
    """
    plan = experiment.plan
    if not lab.settings.refit or not len(lab.splits.valid):
        return _NOTHING
    if left is None:
        return _Again(_alone(plan))
    cut = [one.plan for one in (experiment, *history.experiments) if one.cut]
    costs = Costs.of(lab, history.experiments, timed=True)
    budget = lab.settings.budget_seconds or 0.0
    spare = max(0.0, left - costs.scoring_seconds(plan) - costs.closing_seconds(plan)) + LATE * budget
    most = max(1.0, left - costs.scoring_seconds(plan) - costs.closing_seconds(None)) + LATE * budget
    if plan.method == ENSEMBLE:
        found = {one: limit for one, limit in costs.refitted(plan, spare).items() if limit or one not in cut}
        limits = {one: limit and limit - costs.judging_seconds(one) for one, limit in found.items()}
        return _Again(limits, most)
    if plan not in cut and costs.refit_seconds(plan) <= spare:
        return _Again({plan: None}, most)
    if costs.shorter_refit_seconds(experiment) <= spare:
        return _Again({plan: spare - costs.judging_seconds(plan)}, most)
    return _NOTHING


def _in_time(experiment: Experiment, lab: Lab, history: History, left: float | None) -> dict[Plan, float | None]:
    """Return the plans of a champion that was cross-validated, each with the seconds that its only fit may take.

    It must be fitted, so what gives way gets its part of the time, and at least what a fold took.
    """
    plan = experiment.plan
    found = _alone(plan)
    if left is None:
        return found
    costs = Costs.of(lab, history.experiments, timed=True)
    spare = left - costs.scoring_seconds(plan) - costs.closing_seconds(plan)
    needed = {one: costs.refit_seconds(one) for one in found}
    ran = {one.plan: one.seconds for one in (experiment, *history.experiments)}
    for one in found:
        if lab.method(one).elastic:
            part = spare * needed[one] / max(1e-9, sum(needed.values()))
            found[one] = max(part, ran.get(one, needed[one]) / lab.folds)
    return found


def _alone(plan: Plan) -> dict[Plan, float | None]:
    """Return the plans that are fitted for a plan's model, each in the time that it takes."""
    return {one: None for one, _ in plan.members}


def _refitted(plan: Plan, lab: Lab, again: _Again) -> Model:
    """Return the model of a plan, fitted on training and validation examples as far as it is to be."""
    if plan.method == ENSEMBLE:
        return ensemble_of(plan, lab, lambda one: _refitted(one, lab, again))
    if plan not in again.plans:
        return model_of(Experiment(plan, score=None), lab)
    begun = time.perf_counter()
    train = training_examples(plan, lab, Examples.join([lab.splits.train, lab.splits.valid]))
    limit = again.plans[plan]
    left = None if limit is None else max(1.0, limit - (time.perf_counter() - begun))
    job = replace(job_of(plan, lab, train, seconds=left), folder=checkpoint_of(plan, lab) / "whole")
    return built(lab.method(plan).fit(job), plan, lab)


def _knowing(model: Model, rows: int) -> Model:
    return replace(model, facts={**model.facts, "learnt_from": rows})


def _score(model: Model, lab: Lab) -> float:
    """Return a model's score on the validation examples."""
    valid, task = lab.splits.valid, lab.task
    return task.metric(valid.labels, model.predict(valid).labels, task.labels)
