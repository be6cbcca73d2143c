"""An ensemble as a teacher: which fast plan may learn from it, and what it answers to rows that it did not learn.

A model answers its own training examples as if it were always right, so there is nothing in its answers that the
labels do not say. A teacher therefore answers each part of the examples as fitted on the others, with its weights and
temperatures as they were found on the judged examples, a handful of numbers. Where those are the examples of
cross-validation, the teachers of a fold are fitted within that fold: what is judged teaches nobody.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.data.examples import Examples
from haoqi.data.split import in_folds
from haoqi.explore.experiments.fit_job import folder_of
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History
from haoqi.explore.setup.context import Lab
from haoqi.models.predictor import Predictor

Floats = npt.NDArray[np.float32]
Fit = Callable[[Plan, Examples, int], Predictor]

FOLDS = 3
"""Parts of the examples, each answered by teachers fitted on the others."""

FASTER = 2.0
"""A student must answer so many times as many texts in a second as its teacher."""

REACH = 0.05
"""A plan that scored so much less than the teacher will not learn to be as good."""


def student(lab: Lab, history: History, answering: Callable[[Plan], float]) -> Plan | None:
    """Return the plan that is to learn from the champion, an ensemble; None where none is fast and near enough.

    Args:
        lab: what the experiments share.
        history: what was tried; each teacher has one student.
        answering: seconds that answering some texts takes, the same for every plan and in every sitting.
    """
    teacher = history.champion
    if teacher is None or teacher.plan.method != ENSEMBLE or teacher.score is None:
        return None
    if any(experiment.plan.made_of == (teacher.plan,) for experiment in history.experiments):
        return None
    limit = answering(teacher.plan) / FASTER
    able = [
        one
        for one in history.experiments
        if one.score is not None and one.score >= teacher.score - REACH
        if one.plan.method in lab.makers and not one.plan.made_of and one.plan.share == 1.0 and one.plan.seed == 0
        if lab.method(one.plan).weighs != "no" and answering(one.plan) <= limit
    ]
    best = max(able, key=lambda one: (one.score or 0.0, -one.number), default=None)
    return None if best is None else replace(best.plan.with_recipe(DISTIL), made_of=(teacher.plan,))


def teaching_seconds(plan: Plan, seconds: Callable[[Plan], float]) -> float:
    """Return how long the teacher of a plan takes to be fitted on every part's other examples."""
    teachers = [one for teacher in plan.made_of for one, _ in teacher.members]
    return (FOLDS - 1) * sum(seconds(one) for one in teachers)


def taught(teacher: Plan, lab: Lab, examples: Examples, texts: Sequence[str], *, fit: Fit) -> tuple[Floats, Floats]:
    """Return the probability of each label for each example and each text, by a teacher that did not learn them.

    Texts are answered by the teachers of all parts together.

    Args:
        teacher: an ensemble, or any plan that answered the judged examples.
        lab: what the experiments share.
        examples: labelled; rows that were made of one are held out together.
        texts: any.
        fit: what a plan learns from examples, as which part.
    """
    width = lab.task.output.width(lab.task.labels)
    own, others = np.zeros((len(examples), width)), np.zeros((len(texts), width))
    asked, fold_of = Examples.of(texts), in_folds(examples, FOLDS, lab.generator("taught", len(examples)))
    for fold in np.unique(fold_of):
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        for plan, weight in teacher.members:
            predictor = fit(plan, examples.take(rest), int(fold))
            factor = weight / _temperature(plan, lab)
            own[held] += factor * np.asarray(predictor.scores(examples.take(held)))
            if len(texts):
                others += factor / FOLDS * np.asarray(predictor.scores(asked))
    calibration = artifacts.read_calibration(folder_of(teacher, lab)) if teacher.method == ENSEMBLE else {}
    return _probabilities(lab, examples, own, calibration), _probabilities(lab, asked, others, calibration)


def _temperature(plan: Plan, lab: Lab) -> float:
    return float(artifacts.read_calibration(folder_of(plan, lab)).get("temperature", 1.0))


def _probabilities(lab: Lab, examples: Examples, logits: Any, calibration: dict[str, Any]) -> Floats:
    scores = logits.astype(np.float32)
    found = lab.task.output.decode(scores, examples, lab.task.labels, **calibration).probabilities
    assert found is not None
    return found.astype(np.float32)
