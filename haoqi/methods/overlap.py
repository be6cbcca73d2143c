"""Answers in contexts by words alone: what kind of word is asked for, and where the question's words stand.

A linear model of every word of the context, of beginning and of ending the answer there (the logistic regression of
Rajpurkar et al., 2016, arXiv:1606.05250, without its parser). No base is read. Prefer it as the yardstick of answers in
contexts, which it gives in seconds, and on machines where no base can be tuned.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.answers import Accepts
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Work
from haoqi.models.lexical.question_features import question_features, word_weights
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.context_linear import ContextLinear, as_rows
from haoqi.tasks.words import context_words

Array = npt.NDArray[np.float64]

LEAST_WORDS = 3
"""At how many words of the training contexts a feature must hold to get a weight."""

ROUNDS = 60

# Features of a word; what describing it takes, as a share of what it takes a tagger; and what all rounds take of what a
# linear solver takes to pass over n-grams: measured once, see docs/decisions/methods.md.
_FEATURES, _DESCRIBED, _VISITS = 16, 0.2, 5.0


@methods.register
@dataclass(frozen=True)
class Overlap:
    """How closely the examples are followed."""

    accepts: ClassVar[Accepts] = Accepts(units=frozenset({"context"}))
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (6, 5)
    simple: ClassVar[bool] = True

    strength: Annotated[float, Range(0.01, 100.0, log=True)] = 1.0
    """How much an error costs against large weights (C)."""

    def fit(self, job: Job) -> Predictor:
        """Return the linear model of job.train."""
        begun, train = time.perf_counter(), job.train
        contexts, words = train.contexts or [""] * len(train), context_words(train)
        targets = job.task.output.targets(train)
        job.report(Progress(0.0, say("fit.words")))
        weights = word_weights(dict.fromkeys(contexts))
        seen = [question_features(*row, weights) for row in zip(train.texts, contexts, words, strict=True)]
        counts = Counter(chain.from_iterable(chain.from_iterable(seen)))
        features = tuple(sorted(one for one, count in counts.items() if count >= LEAST_WORDS or "none" in one))
        table = as_rows(list(chain.from_iterable(seen)), {one: number for number, one in enumerate(features)}).csr
        sizes = np.array([len(one) for one in seen], np.int64)
        left = None if job.seconds is None else job.seconds - 2 * (time.perf_counter() - begun)
        found = np.zeros((table.shape[1], 2), np.float32)
        for side in (0, 1):
            job.report(Progress((1 + side) / 3, say("fit.head")))
            right = _places(targets, sizes, side)
            loss = _loss(table, right, sizes, train.counting, strength=self.strength)
            found[:, side] = _solved(loss, table.shape[1], None if left is None else left / 2)
        return ContextLinear(features, found, weights)

    def work(self, size: Size) -> Work:
        """Describe all words, then visit what is seen of them in each round, for beginnings and ends."""
        train, scored = (rows * size.spelt / 1e6 for rows in (size.train_rows, size.valid_rows))
        fit = Load(fits=1, described=_DESCRIBED * train, sparse=_VISITS * 2 * _FEATURES * train)
        return Work(fit, Load(described=_DESCRIBED * scored))


def _places(targets: list[npt.NDArray[np.int64]], sizes: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.bool_]:
    """Return at which of all rows a right answer begins, or ends, shape (rows,)."""
    right = np.zeros(int(sizes.sum()), np.bool_)
    for places, start in zip(targets, np.cumsum(sizes) - sizes, strict=True):
        right[start + places[:, side]] = True
    return right


def _loss(
    table: Any, right: npt.NDArray[np.bool_], sizes: npt.NDArray[np.int64], counting: Array, *, strength: float
) -> Callable[[Array], tuple[float, Array]]:
    """Return the regularised negative log probability of the right rows, with its gradient, as a function of weights.

    The rows of an example compete with each other; of several right ones the probabilities are summed.
    """
    starts = np.cumsum(sizes) - sizes
    across = table.T.tocsr()

    def log_sums(values: Array) -> Array:
        top = np.maximum.reduceat(values, starts)
        found: Array = np.log(np.add.reduceat(np.exp(values - np.repeat(top, sizes)), starts)) + top
        return found

    def loss(weights: Array) -> tuple[float, Array]:
        logits = np.asarray(table @ weights, np.float64)
        hit = np.where(right, logits, -1e30)
        whole, part = log_sums(logits), log_sums(hit)
        chances = np.exp(logits - np.repeat(whole, sizes))
        shares = np.exp(hit - np.repeat(part, sizes))
        slope = across @ ((chances - shares) * np.repeat(counting, sizes))
        value = float(counting @ (whole - part)) + float(weights @ weights) / (2 * strength)
        return value, np.asarray(slope, np.float64) + weights / strength

    return loss


def _solved(loss: Callable[[Array], tuple[float, Array]], width: int, seconds: float | None) -> Array:
    """Return the weights with the least loss, as far as the time allows."""
    from scipy.optimize import minimize

    begun, rounds = time.perf_counter(), [0]
    latest = [np.zeros(width)]

    def watch(weights: Array) -> None:
        latest[0] = weights.copy()
        rounds[0] += 1
        spent = time.perf_counter() - begun
        if seconds is not None and spent * (rounds[0] + 1) / rounds[0] > seconds:
            raise StopIteration

    found = minimize(loss, latest[0], jac=True, method="L-BFGS-B", callback=watch, options={"maxiter": ROUNDS})
    return np.asarray(found.x if found.status == 0 or found.success else latest[0])
