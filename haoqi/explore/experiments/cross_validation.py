"""Cross-validation: every example is judged by a model that was not fitted on it.

Few validation examples say little; folds let all examples but the test split say something
(Stone, 1974, "Cross-Validatory Choice and Assessment of Statistical Predictions").
"""

import time
from collections.abc import Callable

import numpy as np

from haoqi.core import seeds
from haoqi.core.deadline import OutOfTimeError
from haoqi.core.say import say
from haoqi.data.examples import Examples, Indices
from haoqi.data.preparing.split import in_folds
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.experiments.fit_job import build_job
from haoqi.explore.experiments.training_data import training_examples
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.setup.context import SearchContext
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.constant import Constant
from haoqi.tasks.task import Scores


def cross_validate(
    plan: Plan,
    context: SearchContext,
    *,
    seconds: float | None = None,
    deadline: float | None = None,
    notes: list[Reason] | None = None,
) -> Scores:
    """Return scores of every judged example from a model that was not fitted on it.

    Args:
        plan: what is fitted.
        context: with folds.
        seconds: what it should take at most; each fold may take its part of what the folds before it left. None: no
            limit.
        deadline: seconds after which it is no longer of use; None: none are.
        notes: takes what fits note.

    Raises:
        OutOfTimeError: if the last fold, times those that are left, says that the deadline will pass; the first says
            little, for it has the base read most of the texts.
    """
    begun = time.perf_counter()
    ended = [begun]

    def fit(rest: Examples, fold: int) -> Predictor:
        now = time.perf_counter()
        if deadline is not None and fold > 1 and now - begun + (now - ended[-1]) * (context.folds - fold) > deadline:
            facts = {"fold": fold, "folds": context.folds, "seconds": round(now - begun)}
            raise OutOfTimeError(say("deadline.folds", **facts))
        ended.append(now)
        train = training_examples(plan, context, rest, part=fold)
        limit = None
        if seconds is not None:
            spent = time.perf_counter() - begun
            limit = max(1.0, (seconds - spent) / (context.folds - fold))
        return context.method(plan).fit(
            build_job(plan, context, train, seconds=limit, part=(fold, context.folds), notes=notes)
        )

    return cross_scores(context, fit)


def cross_scores(context: SearchContext, fit: Callable[[Examples, int], Predictor]) -> Scores:
    """Return scores of every judged example by what `fit` makes of the other folds' examples and the fold's number.

    Where every fold's answer is one number, all get the mean of these: a fold's own is the lower the higher its
    examples are, so that the numbers together would seem to know something, and the wrong way round.
    """
    fold_of = in_folds(context.judged, context.folds, context.generator("folds"))
    parts: list[tuple[Indices, Scores]] = []
    constant = context.task.output.kind.is_number
    for fold in range(context.folds):
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        fitted = fit(context.judged.take(rest), fold)
        constant = constant and isinstance(fitted, Constant)
        parts.append((held, fitted.scores(context.judged.take(held))))
    found = _in_order(parts)
    return np.full_like(found, np.mean(found)) if constant and isinstance(found, np.ndarray) else found


def _in_order(parts: list[tuple[Indices, Scores]]) -> Scores:
    rows = np.concatenate([held for held, _ in parts])
    back = np.argsort(rows)
    if isinstance(parts[0][1], np.ndarray):
        return np.concatenate([np.asarray(scores) for _, scores in parts])[back]
    flat = [array for _, scores in parts for array in scores]
    return [flat[place] for place in back]


def cross_decode(scores: Scores | Callable[[Indices], Scores], context: SearchContext) -> Predictions:
    """Return answers whose thresholds and temperature come from the other half of the examples.

    Thresholds that were fitted on the examples they are judged by would give too high a score. Scores may be a function
    of the rows of that other half, too, where more was chosen by them.
    """
    task, count = context.task, len(context.judged)
    # Of what is ranked whole queries: their items must not be put on two scales.
    units = context.judged.together if task.ranks else np.arange(count)
    half = seeds.generator(context.seed, "halves").permutation(int(units.max(initial=-1)) + 1)
    first = np.isin(units, half[: len(half) // 2])
    parts = [np.flatnonzero(first), np.flatnonzero(~first)]
    decoded = []
    for mine, other in (parts, parts[::-1]):
        given = scores(other) if callable(scores) else scores
        fitted = task.output.calibrate(_take(given, other), context.judged.take(other), task.metric)
        decoded.append(task.output.decode(_take(given, mine), context.judged.take(mine), **fitted))
    return _joined(decoded, np.argsort(np.concatenate(parts)))


def _take(scores: Scores, rows: Indices) -> Scores:
    return scores[rows] if isinstance(scores, np.ndarray) else [scores[int(row)] for row in rows]


def _joined(parts: list[Predictions], back: Indices) -> Predictions:
    return Predictions.join(parts).take(back)
