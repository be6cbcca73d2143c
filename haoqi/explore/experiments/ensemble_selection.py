"""Ensemble selection: a weighted mean of what several plans answer, chosen greedily.

Members are chosen greedily with replacement, each time the one that helps the others most, on several draws of the
examples (Caruana, Niculescu-Mizil, Crew and Ksikes, 2004, "Ensemble selection from libraries of models", ICML). What
helps is measured by the probability of the right answers, which says more on few examples than their number. Members'
calibrated probabilities are pooled by their weighted geometric mean (Genest and Zidek, 1986, "Combining probability
distributions", doi:10.1214/ss/1177013825), so that the ensemble is a weighted sum of scores: one model on disk.

Numbers are averaged as they are, and what helps is measured by the deciding metric, as in Caruana's paper: of numbers
it does not jump. An average errs no more than its members do on the mean (Krogh and Vedelsby, 1995, "Neural network
ensembles, cross validation, and active learning", NIPS 7).

Nothing is fitted to evaluate one: experiments have answered the judged examples already. Chosen and judged by the same
examples an ensemble would score too high, so its answers to each half of them are those of the members, the weights and
the calibration that the other half chose, as in cross-fitting (Chernozhukov et al., 2018, doi:10.1111/ectj.12097). What
is released is chosen by all of them. It suits tasks that label texts or pairs; the scores of words are not kept.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.data.answers import NUMBERS_TOO
from haoqi.data.examples import Examples, Indices
from haoqi.evaluate.metric import total
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.experiments.cross_validation import cross_decode
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Experiment, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History
from haoqi.explore.setup.artifact_paths import experiment_folder
from haoqi.explore.setup.context import SearchContext
from haoqi.tasks.task import Task

Floats = npt.NDArray[np.float64]


class Loss(Protocol):
    """How bad an ensemble is."""

    def __call__(self, pooled: Floats, rows: Indices) -> float:
        """Return how bad it is to answer some rows so, shape (rows, columns)."""
        ...


POOLED = NUMBERS_TOO
"""Which answers can be pooled."""

FEWEST = 3
"""Methods that must have been scored before an ensemble is proposed."""

LIBRARY = 6
"""Members are chosen among so many: the champion, and the best experiment of each other method and base."""

MEMBERS = 4
"""An ensemble has at most so many."""

DRAWS, ROUNDS = 8, 8
"""How often members are chosen, each time on other examples, and how many are chosen each time."""

_LEAST = 0.05  # a member of less weight costs more than it brings
_CELLS, _ROWS = 60_000, 200  # so many probabilities tell who helps whom, and so many examples at least
_NEVER = 1e-7  # a probability is at least this, so that no member rules an answer out alone


def member_experiments(history: History) -> list[Experiment]:
    """Return the experiments that may become members, the champion first.

    Those that are not among them never will be again, unless a new champion is one of them.
    """
    best = history.champion
    if best is None or best.plan.method == ENSEMBLE:
        best = None
    able = [e for e in history.alone if e.score is not None and e.role != DISTIL]
    scored = [e for e in able if e.plan.seed == 0 or e is best]  # the luckiest seed is no better plan
    scored.sort(key=lambda e: (e is not best, -(e.score or 0.0), e.number))
    found: dict[tuple[str, str | None], Experiment] = {}
    for one in scored:
        found.setdefault((one.plan.method, one.plan.base), one)
    return list(found.values())[:LIBRARY]


def ensemble_answers(plan: Plan, context: SearchContext) -> tuple[Predictions, dict[str, object]]:
    """Return what an ensemble answers to the judged examples, each half as the other chose, and its calibration."""
    tables = _tables(context, plan.made_of)
    predictions = cross_decode(lambda other: _pooled(tables, _chosen(context, tables, other)), context)
    whole = _pooled(tables, np.array(plan.varied["weights"]))
    return predictions, context.task.output.calibrate(whole, context.judged, context.task.metric)


def select_weights(tables: Floats, loss: Loss, *, rng: np.random.Generator) -> Floats:
    """Return the weight of each model in the best ensemble, shape (models,).

    Args:
        tables: logits of calibrated probabilities, or numbers, shape (models, n, columns).
        loss: how bad answers are.
        rng: draws the examples.
    """
    shares, (count, columns) = np.zeros(len(tables)), tables.shape[1:]
    for _ in range(DRAWS):
        rows = rng.integers(count, size=min(count, max(_ROWS, _CELLS // columns)))
        shares += _greedy(tables[:, rows], partial(loss, rows=rows))
    shares[np.argsort(-shares, kind="stable")[MEMBERS:]] = 0.0
    shares[shares < _LEAST * shares.sum()] = 0.0
    found: Floats = np.round(shares / shares.sum(), 3)
    return found


def _greedy(tables: Floats, loss: Callable[[Floats], float]) -> Floats:
    """Return the shares of the models in the best of the growing ensembles, shape (models,)."""
    counts, together = np.zeros(len(tables)), np.zeros(tables.shape[1:])
    best, found = np.inf, counts
    for size in range(1, ROUNDS + 1):
        losses = [loss((together + table) / size) for table in tables]
        place = int(np.argmin(losses))
        counts[place] += 1
        together = together + tables[place]
        if losses[place] < best - 1e-9:
            best, found = losses[place], counts / size
    return found


def class_loss(truth: npt.NDArray[np.bool_], *, exclusive: bool) -> Loss:
    """Return the mean negative log probability of the truth.

    Args:
        truth: which labels each example has, shape (n, labels).
        exclusive: one label each, or each label for itself.
    """

    def loss(pooled: Floats, rows: Indices) -> float:
        logits, right = pooled, truth[rows]
        if not exclusive:
            return float(np.logaddexp(0.0, np.where(right, -logits, logits)).mean())
        top = logits.max(axis=1)
        normal = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
        return float((normal - logits[right]).mean())

    return loss


def number_loss(examples: Examples, task: Task) -> Loss:
    """Return how bad numbers are by the metric that decides."""

    def loss(pooled: Floats, rows: Indices) -> float:
        answers = Predictions(labels=pooled[:, 0].tolist())
        return -task.metric.merit(total(task.metric.count(examples.take(rows), answers, task))).item()

    return loss


def choose_weights(plans: Sequence[Plan], context: SearchContext) -> tuple[float, ...]:
    """Return the weight of each plan in the ensemble that all judged examples choose."""
    found = _chosen(context, _tables(context, plans), np.arange(len(context.judged)))
    return tuple(float(one) for one in found)


def _chosen(context: SearchContext, tables: Floats, rows: Indices) -> Floats:
    """Return the weights of the models by some of the judged examples."""
    rng, known = seeds.generator(context.seed, "ensemble", len(tables), len(rows)), context.judged.take(rows)
    if context.task.output.kind.is_number:
        shares = select_weights(tables[:, rows], number_loss(known, context.task), rng=rng)
        shares[np.argmax(shares)] += 1.0 - shares.sum()  # a mean keeps the scale of the numbers
        return np.round(shares, 3)
    targets = np.asarray(context.task.output.targets(known))
    exclusive = targets.ndim == 1
    truth = targets[:, None] == np.arange(context.task.output.width) if exclusive else targets.astype(bool)
    return select_weights(tables[:, rows], class_loss(truth, exclusive=exclusive), rng=rng)


def _pooled(tables: Floats, weights: Floats) -> npt.NDArray[np.float32]:
    """Return the weighted sum of logits or numbers, shape (n, columns)."""
    return np.tensordot(weights, tables, axes=1).astype(np.float32)


def _tables(context: SearchContext, plans: Sequence[Plan]) -> Floats:
    """Return what plans answered to the judged examples: calibrated logits or numbers, shape (plans, n, columns)."""
    found = []
    for plan in plans:
        answers = artifacts.read_predictions(experiment_folder(plan, context))
        if context.task.output.kind.is_number:
            found.append(np.asarray(answers.labels, np.float64)[:, None])
            continue
        chances = answers.probabilities
        assert chances is not None
        safe = np.clip(chances.astype(np.float64), _NEVER, 1 - _NEVER)
        found.append(np.log(safe) if context.task.output.kind.one_class else np.log(safe / (1 - safe)))
    return np.stack(found)
