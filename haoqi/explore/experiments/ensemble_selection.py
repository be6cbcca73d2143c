"""Ensemble selection: a weighted mean of what several plans answer, chosen greedily.

Members are chosen greedily with replacement, each time the one that helps the others most, on several draws of the
examples (Caruana, Niculescu-Mizil, Crew and Ksikes, 2004, "Ensemble selection from libraries of models", ICML). What
helps is measured by the probability of the right answers, which says more on few examples than their number. Members'
calibrated probabilities are pooled by their weighted geometric mean (Genest and Zidek, 1986, "Combining probability
distributions", doi:10.1214/ss/1177013825), so that the ensemble is a weighted sum of scores: one model on disk.

Nothing is fitted to evaluate one: experiments have answered the judged examples already. Chosen and judged by the same
examples an ensemble would score too high, so its answers to each half of them are those of the members, the weights and
the calibration that the other half chose, as in cross-fitting (Chernozhukov et al., 2018, doi:10.1111/ectj.12097). What
is released is chosen by all of them. It suits tasks that label texts; the scores of words are not kept.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.data.examples import Indices
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.experiments.cross_validation import cross_decode
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Experiment, Plan
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History
from haoqi.explore.setup.artifact_paths import experiment_folder
from haoqi.explore.setup.context import SearchContext

Floats = npt.NDArray[np.float64]

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


def select_weights(
    tables: Floats, truth: npt.NDArray[np.bool_], *, exclusive: bool, rng: np.random.Generator
) -> Floats:
    """Return the weight of each model in the ensemble of the likeliest answers, shape (models,).

    Args:
        tables: logits of calibrated probabilities, shape (models, n, labels).
        truth: which labels each example has, shape (n, labels).
        exclusive: one label each, or each label for itself.
        rng: draws the examples.
    """
    total = np.zeros(len(tables))
    for _ in range(DRAWS):
        rows = rng.integers(len(truth), size=min(len(truth), max(_ROWS, _CELLS // truth.shape[1])))
        total += _greedy(tables[:, rows], truth[rows], exclusive=exclusive)
    total[np.argsort(-total, kind="stable")[MEMBERS:]] = 0.0
    total[total < _LEAST * total.sum()] = 0.0
    found: Floats = np.round(total / total.sum(), 3)
    return found


def _greedy(tables: Floats, truth: npt.NDArray[np.bool_], *, exclusive: bool) -> Floats:
    """Return the shares of the models in the best of the growing ensembles, shape (models,)."""
    counts, together = np.zeros(len(tables)), np.zeros(tables.shape[1:])
    best, found = np.inf, counts
    for size in range(1, ROUNDS + 1):
        losses = [_loss((together + table) / size, truth, exclusive=exclusive) for table in tables]
        place = int(np.argmin(losses))
        counts[place] += 1
        together = together + tables[place]
        if losses[place] < best - 1e-9:
            best, found = losses[place], counts / size
    return found


def _loss(logits: Floats, truth: npt.NDArray[np.bool_], *, exclusive: bool) -> float:
    """Return the mean negative log probability of the truth."""
    if not exclusive:
        return float(np.logaddexp(0.0, np.where(truth, -logits, logits)).mean())
    top = logits.max(axis=1)
    normal = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    return float((normal - logits[truth]).mean())


def choose_weights(plans: Sequence[Plan], context: SearchContext) -> tuple[float, ...]:
    """Return the weight of each plan in the ensemble that all judged examples choose."""
    found = _chosen(context, _tables(context, plans), np.arange(len(context.judged)))
    return tuple(float(one) for one in found)


def _chosen(context: SearchContext, tables: Floats, rows: Indices) -> Floats:
    """Return the weights of the models by some of the judged examples."""
    targets = np.asarray(context.task.output.targets(context.judged.take(rows)))
    exclusive = targets.ndim == 1
    truth = targets[:, None] == np.arange(context.task.output.width) if exclusive else targets.astype(bool)
    rng = seeds.generator(context.seed, "ensemble", len(tables), len(rows))
    return select_weights(tables[:, rows], truth, exclusive=exclusive, rng=rng)


def _pooled(tables: Floats, weights: Floats) -> npt.NDArray[np.float32]:
    """Return the weighted sum of logits, shape (n, labels)."""
    return np.tensordot(weights, tables, axes=1).astype(np.float32)


def _tables(context: SearchContext, plans: Sequence[Plan]) -> Floats:
    """Return the logits of what plans answered to the judged examples, calibrated, shape (plans, n, labels)."""
    found = []
    for plan in plans:
        chances = artifacts.read_predictions(experiment_folder(plan, context)).probabilities
        assert chances is not None
        safe = np.clip(chances.astype(np.float64), _NEVER, 1 - _NEVER)
        found.append(np.log(safe) if context.task.output.kind.one_class else np.log(safe / (1 - safe)))
    return np.stack(found)
