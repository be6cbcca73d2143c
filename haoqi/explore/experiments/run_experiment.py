"""One experiment: fit a plan, score it on the examples that all are judged on, keep what a verdict needs."""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from haoqi.core import seeds
from haoqi.core.config import as_plain
from haoqi.core.deadline import OutOfTimeError, after, until
from haoqi.core.errors import UserError
from haoqi.core.folder import building
from haoqi.data.examples import Examples
from haoqi.evaluate.comparison import average
from haoqi.evaluate.evidence import Evidence, evidence
from haoqi.evaluate.intervals import interval
from haoqi.evaluate.metric import Statistics
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.beliefs.evidence_pooling import lead_of
from haoqi.explore.experiments.cross_validation import cross_decoded, cross_validated
from haoqi.explore.experiments.ensemble_selection import answered, library
from haoqi.explore.experiments.fit_job import MODEL, checkpoint_of, experiments, folder_of, job_of
from haoqi.explore.experiments.training_data import training_examples
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.plans.proposal import Step
from haoqi.explore.promotion.champion_test import Court
from haoqi.explore.promotion.retest import retrial_of
from haoqi.explore.promotion.selection_bias import flattery
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History
from haoqi.explore.setup.context import Lab
from haoqi.models.model import Model, load
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.blend import Blend
from haoqi.tasks.task import Task
from haoqi.tasks.words import words_of
from haoqi.train.prospect import ENDED_EARLY

STOPPED = "stopped"
"""How the error begins of an experiment whose time was over before it came to a result."""

# A fit that took more than this share of the time it was given was ended by the clock.
_NEARLY = 0.85


def run(step: Step, lab: Lab) -> Experiment:
    """Return the experiment that a step asked for, its model and answers kept in the run's folder.

    A plan that fails is an outcome too: its error is recorded and the search goes on.
    """
    begun = time.perf_counter()
    notes: list[str] = []
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
        scored = _fit_and_score(step, lab.heard(until(after(step.deadline), lab.listen)), notes)
    except OutOfTimeError as error:
        shutil.rmtree(checkpoint_of(step.plan, lab), ignore_errors=True)
        seconds = time.perf_counter() - begun
        reason = f"{STOPPED} after {seconds:.0f} s: {error}"
        return Experiment(score=None, error=reason, cut=True, notes=tuple(notes), seconds=seconds, **facts)
    except (UserError, ArithmeticError, MemoryError, RuntimeError, ValueError, LookupError, TypeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        seconds = time.perf_counter() - begun
        return Experiment(score=None, error=reason[:500], notes=tuple(notes), seconds=seconds, **facts)
    shutil.rmtree(checkpoint_of(step.plan, lab), ignore_errors=True)
    seconds = time.perf_counter() - begun
    late = step.seconds is not None and seconds > _NEARLY * step.seconds
    cut = late or any(getattr(note, "key", None) in ENDED_EARLY for note in notes)
    return Experiment(seconds=seconds, cut=cut, notes=tuple(notes), **scored, **facts)


def court_of(lab: Lab) -> Court:
    """Return the rules by which this lab's experiments are judged."""
    return Court(
        metric=lab.task.metric,
        alpha=lab.settings.alpha,
        pooled=lambda experiments: pooled(experiments, lab),
        repeatable=lambda experiment: experiment.plan.method in lab.makers and lab.method(experiment.plan).stochastic,
        seed=lab.seed,
        retrial=partial(retrial_of, lab=lab),
        lead=lead_of(lab),
        flattery=partial(flattery, lab=lab),
    )


def pooled(experiments: Sequence[Experiment], lab: Lab) -> Statistics:
    """Return the deciding metric's statistics, the mean of some seeds of one plan, shape (judged examples, k)."""
    return average([artifacts.read_statistics(_folder(experiment.plan, lab)) for experiment in experiments])


def evidence_of(experiment: Experiment, lab: Lab) -> Evidence:
    """Return all that is known of an experiment's answers to the examples it was judged on."""
    found = judged(lab.task, lab.judged, artifacts.read_predictions(_folder(experiment.plan, lab)), lab.seed)
    scores = dict(found.scores)
    if experiment.score is not None and experiment.low is not None and experiment.high is not None:
        scores[lab.task.metric.name] = experiment.score, experiment.low, experiment.high  # as the ledger has it
    return replace(found, scores=scores, folds=lab.folds)


def judged(task: Task, examples: Examples, predictions: Predictions, seed: int = 0) -> Evidence:
    """Return the evidence that a model's answers to labelled examples give."""
    rng = seeds.generator(seed, "evidence")
    words = words_of(examples) if task.output.name == "spans" else None
    return evidence(task.output.name, task.metrics, examples, predictions, labels=task.labels, words=words, rng=rng)


def answers_of(experiment: Experiment, lab: Lab) -> Predictions:
    """Return what an experiment answered to the examples it was judged on."""
    return artifacts.read_predictions(_folder(experiment.plan, lab))


def remembered(experiment: Experiment, lab: Lab) -> artifacts.Floats | None:
    """Return what a training that was held to its early answers remembers of each training example.

    It is how likely each label is, shape (n, labels); None where it was not held, or did not learn all.
    """
    memory = artifacts.read_memory(_folder(experiment.plan, lab))
    return None if memory is None else memory.all_of(lab.splits.train.ids)


def has_model(experiment: Experiment, lab: Lab) -> bool:
    """Return whether the model of an experiment lies on the disk."""
    return not lab.folds and (_folder(experiment.plan, lab) / MODEL).exists()


def model_of(experiment: Experiment, lab: Lab) -> Model:
    """Return an experiment's model as it was before any validation example was learnt; fitted again if need be."""
    plan = experiment.plan
    if plan.method == ENSEMBLE:
        return ensemble_of(plan, lab, lambda one: model_of(Experiment(one, score=None), lab))
    if has_model(experiment, lab):
        return load(_folder(plan, lab) / MODEL)
    job = job_of(plan, lab, training_examples(plan, lab, lab.splits.train))
    return built(lab.method(plan).fit(job), plan, lab)


def built(predictor: Predictor, plan: Plan, lab: Lab) -> Model:
    """Return the model of a plan that was judged: what it learnt, with the calibration that was found then."""
    return _model(predictor, plan, artifacts.read_calibration(_folder(plan, lab)), lab)


def forget_models(lab: Lab, history: History) -> None:
    """Delete the models of all experiments except the champion's and those of an ensemble, present or possible.

    The answers of all stay.
    """
    best = history.champion
    kept = [one.plan for one in library(history)] if lab.settings.ensemble else []
    kept += [] if best is None else [best.plan, *best.plan.made_of]
    folders = {_folder(plan, lab) for plan in kept}
    for model in experiments(lab.folder).glob(f"*/{MODEL}"):
        if model.parent not in folders:
            shutil.rmtree(model, ignore_errors=True)


def ensemble_of(plan: Plan, lab: Lab, model: Callable[[Plan], Model]) -> Model:
    """Return one model of an ensemble's members: their scores by their temperatures, weighed and added."""
    found = [(model(one), weight) for one, weight in plan.members]
    weights = [weight / float(one.calibration.get("temperature", 1.0)) for one, weight in found]
    predictor = Blend.of([one.predictor for one, _ in found], weights, lab.task.output.width(lab.task.labels))
    return built(predictor, plan, lab)


def _fit_and_score(step: Step, lab: Lab, notes: list[str]) -> dict[str, Any]:
    plan, task = step.plan, lab.task
    if plan.method == ENSEMBLE:
        return _kept(plan, lab, *answered(plan, lab))
    memories: list[artifacts.Memory] = []
    if lab.folds:
        limits = {"seconds": step.seconds, "deadline": step.deadline}
        predictor, scores = None, cross_validated(plan, lab, **limits, facts=notes)
    else:
        begun = time.perf_counter()
        train = training_examples(plan, lab, lab.splits.train)
        left = None if step.seconds is None else max(1.0, step.seconds - (time.perf_counter() - begun))
        job = job_of(plan, lab, train, valid=lab.splits.valid, seconds=left, to_beat=step.to_beat, facts=notes)
        ids = job.train.ids
        job = replace(job, remember=lambda found: memories.append(artifacts.Memory.of(ids, found)))
        predictor = lab.method(plan).fit(job)
        scores = predictor.scores(lab.judged)
    calibration = task.output.calibrate(scores, lab.judged, task.labels, task.metric)
    decoded = cross_decoded(scores, lab)
    return _kept(plan, lab, decoded, calibration, predictor=predictor, memory=memories[0] if memories else None)


def _kept(
    plan: Plan,
    lab: Lab,
    predictions: Predictions,
    calibration: dict[str, Any],
    *,
    predictor: Predictor | None = None,
    memory: artifacts.Memory | None = None,
) -> dict[str, Any]:
    """Keep what a plan answered, its model and what it remembers where there are any, and return what it scores."""
    task = lab.task
    counts = task.metric.count(lab.judged.labels, predictions.labels, task.labels)
    with building(_folder(plan, lab)) as folder:
        artifacts.write_statistics(folder, counts)
        artifacts.write_predictions(folder, predictions, calibration)
        if predictor is not None:
            _model(predictor, plan, calibration, lab).save(folder / MODEL, standalone=False)
        if memory is not None:
            artifacts.write_memory(folder, memory)
    total = np.asarray(counts.sum(axis=0)).ravel()
    bounds = interval(counts, task.metric.score, rng=seeds.generator(lab.seed, "interval"))
    others = {m.name: m(lab.judged.labels, predictions.labels, task.labels) for m in task.metrics[1:]}
    score = float(task.metric.score(total))
    scores_by_name = {task.metric.name: score, **others}
    return {"score": score, "low": bounds.low, "high": bounds.high, "scores": scores_by_name}


def _model(predictor: Predictor, plan: Plan, calibration: dict[str, Any], lab: Lab) -> Model:
    base = next((one.base for one, _ in plan.members if one.base), None)
    settings = plan.varied if plan.method == ENSEMBLE else as_plain(lab.method(plan))
    facts = {"method": plan.method, "base": base, "plan": plan.words(), "settings": settings}
    origin = {"origin": lab.origin(plan), "cleaned": lab.cleaned}
    return Model(lab.task, predictor, calibration=calibration, facts={**facts, **origin})


def _folder(plan: Plan, lab: Lab) -> Path:
    return folder_of(plan, lab)
