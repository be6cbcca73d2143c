"""One experiment: fit a plan, score it on the examples that all are judged on, keep what a verdict needs."""

import shutil
import time
from dataclasses import replace
from typing import Any

from haoqi.core import seeds
from haoqi.core.deadline import OutOfTimeError, after, until
from haoqi.core.errors import UserError
from haoqi.core.folder import building
from haoqi.core.say import Sentence, message_of, say
from haoqi.evaluate.metric import total
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.experiments.cross_validation import cross_decode, cross_validate
from haoqi.explore.experiments.ensemble_selection import ensemble_answers
from haoqi.explore.experiments.fit_job import build_job
from haoqi.explore.experiments.model_store import describe_model
from haoqi.explore.experiments.training_data import training_examples
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.plans.proposal import Proposal
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record import artifacts
from haoqi.explore.setup.artifact_paths import (
    MODEL,
    checkpoint_folder,
    experiment_folder,
)
from haoqi.explore.setup.context import SearchContext
from haoqi.models.predictor import Predictor
from haoqi.train.loop.early_stopping import ENDED_EARLY

LONGEST = 500
"""Characters of what an exception says that are kept."""

# A fit that took more than this share of the time it was given was ended by the clock.
_NEARLY = 0.85


def run(step: Proposal, context: SearchContext) -> Experiment:
    """Return the experiment that a step asked for, its model and answers kept in the run's folder.

    A plan that fails is an outcome too: its error is recorded and the search goes on.
    """
    begun = time.perf_counter()
    notes: list[Reason] = []
    facts: dict[str, Any] = {
        "plan": step.plan,
        "expected": step.belief.score,
        "doubt": step.belief.doubt,
        "expected_seconds": step.belief.seconds if step.seconds is None else min(step.belief.seconds, step.seconds),
        "work": step.work,
        "why": step.why,
        "role": step.role,
    }
    try:
        scored = _fit_and_score(step, context.heard(until(after(step.deadline), context.listen)), notes)
    except OutOfTimeError as error:
        shutil.rmtree(checkpoint_folder(step.plan, context), ignore_errors=True)
        seconds = time.perf_counter() - begun
        reason = Reason("out_of_time", {"reason": message_of(error)})
        return Experiment(score=None, error=reason, cut=True, notes=tuple(notes), seconds=seconds, **facts)
    except (UserError, ArithmeticError, MemoryError, RuntimeError, ValueError, LookupError, TypeError) as error:
        seconds = time.perf_counter() - begun
        return Experiment(score=None, error=_failure(error), notes=tuple(notes), seconds=seconds, **facts)
    shutil.rmtree(checkpoint_folder(step.plan, context), ignore_errors=True)
    seconds = time.perf_counter() - begun
    late = step.seconds is not None and seconds > _NEARLY * step.seconds
    cut = late or any(note.kind in ENDED_EARLY for note in notes)
    return Experiment(seconds=seconds, cut=cut, notes=tuple(notes), **scored, **facts)


def _failure(error: Exception) -> Reason:
    """Return what an exception says, on one line and not too long; a sentence of ours as it is, in every language."""
    if isinstance(error, UserError):
        hinted = say("error.hinted", what=error.what, hint=error.hint) if error.hint else error.what
        return Reason("user_error", {"reason": hinted})
    told = message_of(error)
    if not isinstance(told, Sentence):
        told = (" ".join(told.split()) or type(error).__name__)[:LONGEST]
    return Reason("failed", {"reason": told})


def _fit_and_score(step: Proposal, context: SearchContext, notes: list[Reason]) -> dict[str, Any]:
    plan, task = step.plan, context.task
    if plan.method == ENSEMBLE:
        return _kept(plan, context, *ensemble_answers(plan, context))
    memories: list[artifacts.EarlyAnswers] = []
    if context.folds:
        limits = {"seconds": step.seconds, "deadline": step.deadline}
        predictor, scores = None, cross_validate(plan, context, **limits, notes=notes)
    else:
        begun = time.perf_counter()
        train = training_examples(plan, context, context.splits.train)
        left = None if step.seconds is None else max(1.0, step.seconds - (time.perf_counter() - begun))
        job = build_job(
            plan, context, train, valid=context.splits.valid, seconds=left, to_beat=step.to_beat, notes=notes
        )
        ids = job.train.ids
        job = replace(job, remember=lambda found: memories.append(artifacts.EarlyAnswers.of(ids, found)))
        predictor = context.method(plan).fit(job)
        scores = predictor.scores(context.judged)
    calibration = task.output.calibrate(scores, context.judged, task.metric)
    decoded = cross_decode(scores, context)
    return _kept(plan, context, decoded, calibration, predictor=predictor, memory=memories[0] if memories else None)


def _kept(
    plan: Plan,
    context: SearchContext,
    predictions: Predictions,
    calibration: dict[str, Any],
    *,
    predictor: Predictor | None = None,
    memory: artifacts.EarlyAnswers | None = None,
) -> dict[str, Any]:
    """Keep what a plan answered, its model and what it remembers where there are any, and return what it scores."""
    task = context.task
    counts = task.metric.count(context.judged, predictions, task)
    with building(experiment_folder(plan, context)) as folder:
        artifacts.write_statistics(folder, counts)
        artifacts.write_predictions(folder, predictions, calibration)
        if predictor is not None:
            describe_model(predictor, plan, calibration, context).save(folder / MODEL, standalone=False)
        if memory is not None:
            artifacts.write_early_answers(folder, memory)
    metric = task.metric
    bounds = metric.interval(counts, rng=seeds.generator(context.seed, "interval"))
    others = {one.name: one(context.judged, predictions, task) for one in task.metrics[1:]}
    merit = float(metric.merit(total(counts)))
    low, high = sorted(map(metric.shown, bounds))
    return {"score": merit, "low": low, "high": high, "scores": {metric.name: metric.shown(merit), **others}}
