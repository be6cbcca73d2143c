"""What the experiments of a run answered and scored, read from its folder."""

from collections.abc import Sequence
from dataclasses import replace

from haoqi.core import seeds
from haoqi.data.examples import Examples
from haoqi.evaluate.comparison import average
from haoqi.evaluate.evidence import Evidence, evidence
from haoqi.evaluate.metric import Statistics
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record import artifacts
from haoqi.explore.setup.artifact_paths import experiment_folder
from haoqi.explore.setup.context import SearchContext
from haoqi.tasks.task import Task
from haoqi.tasks.words import words_of


def pool_statistics(experiments: Sequence[Experiment], context: SearchContext) -> Statistics:
    """Return the deciding metric's statistics, the mean of some seeds of one plan, shape (judged examples, k)."""
    return average(
        [artifacts.read_statistics(experiment_folder(experiment.plan, context)) for experiment in experiments]
    )


def read_evidence(experiment: Experiment, context: SearchContext) -> Evidence:
    """Return all that is known of an experiment's answers to the examples it was judged on."""
    found = score_answers(
        context.task,
        context.judged,
        artifacts.read_predictions(experiment_folder(experiment.plan, context)),
        context.seed,
    )
    scores = dict(found.scores)
    if experiment.score is not None and experiment.low is not None and experiment.high is not None:
        metric = context.task.metric  # as the ledger has it
        low, high = sorted((metric.shown(experiment.low), metric.shown(experiment.high)))
        scores[metric.name] = metric.shown(experiment.score), low, high
    return replace(found, scores=scores, folds=context.folds)


def score_answers(task: Task, examples: Examples, predictions: Predictions, seed: int = 0) -> Evidence:
    """Return the evidence that a model's answers to labelled examples give."""
    rng = seeds.generator(seed, "evidence")
    words = words_of(examples) if task.output.kind.of_words else None
    return evidence(task.output.kind, task.metrics, examples, predictions, task=task, words=words, rng=rng)


def read_answers(experiment: Experiment, context: SearchContext) -> Predictions:
    """Return what an experiment answered to the examples it was judged on."""
    return artifacts.read_predictions(experiment_folder(experiment.plan, context))


def read_early_answers(experiment: Experiment, context: SearchContext) -> artifacts.Floats | None:
    """Return the early answers of a training with early-learning regularisation to each training example.

    They are probabilities of labels, shape (n, labels); None where it had none, or did not learn all examples.
    """
    memory = artifacts.read_early_answers(experiment_folder(experiment.plan, context))
    return None if memory is None else memory.all_of(context.splits.train.ids)
