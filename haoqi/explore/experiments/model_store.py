"""The models of experiments: kept while they may be needed, loaded, fitted again, or put together."""

import shutil
from collections.abc import Callable
from typing import Any

from haoqi.core.config import as_plain
from haoqi.explore.experiments.ensemble_selection import member_experiments
from haoqi.explore.experiments.fit_job import build_job
from haoqi.explore.experiments.training_data import training_examples
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History
from haoqi.explore.setup.artifact_paths import (
    MODEL,
    experiment_folder,
    experiments_folder,
    origin_of,
)
from haoqi.explore.setup.context import SearchContext
from haoqi.models.model import Model, load
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.blend import Blend


def has_model(experiment: Experiment, context: SearchContext) -> bool:
    """Return whether the model of an experiment lies on the disk."""
    return not context.folds and (experiment_folder(experiment.plan, context) / MODEL).exists()


def load_model(experiment: Experiment, context: SearchContext) -> Model:
    """Return an experiment's model as it was before any validation example was learnt; fitted again if need be."""
    plan = experiment.plan
    if plan.method == ENSEMBLE:
        return build_ensemble(plan, context, lambda one: load_model(Experiment(one, score=None), context))
    if has_model(experiment, context):
        return load(experiment_folder(plan, context) / MODEL, context.cache)
    job = build_job(plan, context, training_examples(plan, context, context.splits.train))
    return rebuild_model(context.method(plan).fit(job), plan, context)


def rebuild_model(predictor: Predictor, plan: Plan, context: SearchContext) -> Model:
    """Return the model of a plan that was judged: what it learnt, with the calibration that was found then."""
    return describe_model(predictor, plan, artifacts.read_calibration(experiment_folder(plan, context)), context)


def delete_models(context: SearchContext, history: History) -> None:
    """Delete the models of all experiments except the champion's and those of an ensemble, present or possible.

    The answers of all stay.
    """
    best = history.champion
    kept = [one.plan for one in member_experiments(history)] if context.settings.ensemble else []
    kept += [] if best is None else [best.plan, *best.plan.made_of]
    folders = {experiment_folder(plan, context) for plan in kept}
    for model in experiments_folder(context.folder).glob(f"*/{MODEL}"):
        if model.parent not in folders:
            shutil.rmtree(model, ignore_errors=True)


def build_ensemble(plan: Plan, context: SearchContext, model: Callable[[Plan], Model]) -> Model:
    """Return one model of an ensemble's members: their scores by their temperatures, weighed and added."""
    found = [(model(one), weight) for one, weight in plan.members]
    weights = [weight / float(one.calibration.get("temperature", 1.0)) for one, weight in found]
    predictor = Blend.of([one.predictor for one, _ in found], weights, context.task.output.width)
    return rebuild_model(predictor, plan, context)


def describe_model(predictor: Predictor, plan: Plan, calibration: dict[str, Any], context: SearchContext) -> Model:
    """Return the model of a plan with its calibration, and the facts of where it comes from."""
    base = next((one.base for one, _ in plan.members if one.base), None)
    settings = plan.varied if plan.method == ENSEMBLE else as_plain(context.method(plan))
    facts = {"method": plan.method, "base": base, "plan": plan.words(), "settings": settings}
    origin = {"origin": origin_of(plan, context), "cleaned": context.cleaned}
    return Model(context.task, predictor, calibration=calibration, facts={**facts, **origin})
