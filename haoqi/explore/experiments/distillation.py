"""Distillation: what an ensemble, as a teacher, answers to rows that it did not learn.

A model answers its own training examples as if it were always right, so there is nothing in its answers that the
labels do not say. A teacher therefore answers each part of the examples as fitted on the others, with its weights and
temperatures as they were found on the judged examples, a handful of numbers. Where those are the examples of
cross-validation, the teachers of a fold are fitted within that fold: what is judged teaches nobody.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.data.preparing.split import in_folds
from haoqi.explore.costs.teaching_costs import FOLDS
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.setup.artifact_paths import experiment_folder
from haoqi.explore.setup.context import SearchContext
from haoqi.models.predictor import Predictor

Floats = npt.NDArray[np.float32]
Fit = Callable[[Plan, Examples, int], Predictor]


def predict_as_teacher(
    teacher: Plan, context: SearchContext, examples: Examples, texts: Sequence[str], *, fit: Fit
) -> tuple[Floats, Floats]:
    """Return the probability of each label for each example and each text, by a teacher that did not learn them.

    Texts are answered by the teachers of all parts together.

    Args:
        teacher: an ensemble, or any plan that answered the judged examples.
        context: what the experiments share.
        examples: labelled; rows that were made of one are held out together.
        texts: any.
        fit: what a plan learns from examples, as which part.
    """
    width = context.task.output.width
    own, others = np.zeros((len(examples), width)), np.zeros((len(texts), width))
    asked, fold_of = Examples.of(texts), in_folds(examples, FOLDS, context.generator("taught", len(examples)))
    for fold in np.unique(fold_of):
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        for plan, weight in teacher.members:
            predictor = fit(plan, examples.take(rest), int(fold))
            factor = weight / _temperature(plan, context)
            own[held] += factor * np.asarray(predictor.scores(examples.take(held)))
            if len(texts):
                others += factor / FOLDS * np.asarray(predictor.scores(asked))
    calibration = artifacts.read_calibration(experiment_folder(teacher, context)) if teacher.method == ENSEMBLE else {}
    return _probabilities(context, examples, own, calibration), _probabilities(context, asked, others, calibration)


def _temperature(plan: Plan, context: SearchContext) -> float:
    return float(artifacts.read_calibration(experiment_folder(plan, context)).get("temperature", 1.0))


def _probabilities(context: SearchContext, examples: Examples, logits: Any, calibration: dict[str, Any]) -> Floats:
    scores = logits.astype(np.float32)
    found = context.task.output.decode(scores, examples, **calibration).probabilities
    assert found is not None
    return found.astype(np.float32)
