"""Ridge regression on TF-IDF n-grams (Hoerl and Kennard, 1970, doi:10.1080/00401706.1970.10488634).

Numbers are learnt as they are, and classes as 1 and -1, each against the rest by least squares; how strong the penalty
is, is chosen on a fifth of the examples. Prefer it for numbers told from words, and for very many columns that all tell
a little. For classes `tfidf`, the linear support vector machine of the same n-grams, is mostly as good or better, and
for numbers it is this with the penalty that it is told, so it is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from haoqi.core.config import Choices, Range
from haoqi.core.say import say
from haoqi.data.answers import NUMBERS_TOO, Accepts
from haoqi.data.examples import Examples, Weights
from haoqi.methods._embedded import held_out
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.tfidf import MOST_COEFFICIENTS, Tfidf, mirror
from haoqi.methods.work import Load, Size, Work
from haoqi.models.encoders.pair_features import pairing_for
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.sparse_linear import SparseLinear

# One over the penalty; beyond both ends nothing improved.
STRENGTHS = (0.1, 0.3, 1.0, 3.0)
# A distance between answers of 1 and -1, times this, is a logit; calibration finds the right scale.
_SCALE = 3.0
_ROUNDS = 300


@methods.register
@dataclass(frozen=True)
class Ridge:
    """Which n-grams count, and how closely the training examples are followed."""

    accepts: ClassVar[Accepts] = NUMBERS_TOO
    uses_base: ClassVar[bool] = False
    stochastic: ClassVar[bool] = False
    elastic: ClassVar[bool] = False
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (8, 9)
    on_request: ClassVar[bool] = True

    strength: Annotated[float | None, Range(0.01, 100.0, log=True)] = None
    """How much an error costs against large weights (one over the penalty); empty: the best of four on a fifth of the
    examples."""
    features: Annotated[str, Choices("words", "characters", "both")] = "words"
    """N-grams of words, of the characters within words, or both."""
    most_columns: Annotated[int, Range(1000, 2_000_000, log=True, search=False)] = 200_000
    """The most n-grams of each kind that get a weight; those of most texts are kept."""

    def fit(self, job: Job) -> Predictor:
        """Return the linear model of job.train."""
        train, kind, width = job.train, job.task.output.kind, job.task.output.width
        pairing = pairing_for(job.task)
        targets = job.task.output.targets(train)
        if not kind.is_number:
            present = targets[:, None] == np.arange(width) if targets.ndim == 1 else targets.astype(bool)
            targets = np.where(present[:, :1] if width == 2 and kind.one_class else present, _SCALE, -_SCALE)
        job.report(Progress(0.0, say("fit.counting")))
        limit = min(self.most_columns, max(1000, MOST_COEFFICIENTS // width))
        terms, table = Tfidf(features=self.features).terms(train, limit, pairing)
        answers = targets.reshape(len(train), -1).astype(np.float64)
        strength = self.strength or _best_strength(table, answers, train)
        job.report(Progress(0.7, say("fit.strength", strength=strength)))
        weights, intercept = _solve(table, answers, strength, None if train.weights is None else train.counting)
        if answers.shape[1] < width:
            weights, intercept = mirror(2 * weights), mirror(2 * intercept)
        return SparseLinear(terms, weights, intercept, pairing)

    def work(self, size: Size) -> Work:
        """Count the n-grams, then pass over them for each label and each strength that is tried."""
        found = Tfidf(features=self.features, most_columns=self.most_columns).work(size)
        return Work(found.fit + Load(sparse=3 * found.fit.sparse), found.score, libraries=found.libraries)


def _solve(
    table: csr_array, answers: npt.NDArray[np.float64], strength: float, weights: Weights | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return coefficients, shape (columns, answers), and intercepts of a ridge regression."""
    from sklearn import linear_model

    machine: Any = linear_model.Ridge(alpha=1.0 / strength, solver="sparse_cg", tol=1e-5, max_iter=_ROUNDS)
    machine.fit(table, answers, weights)
    coefficients = np.atleast_2d(machine.coef_).T.astype(np.float32)
    return coefficients, np.atleast_1d(machine.intercept_).astype(np.float32)


def _best_strength(table: csr_array, answers: npt.NDArray[np.float64], train: Examples) -> float:
    """Return the strength with the least squared error on a fifth of some examples, learnt from the rest of them."""
    held, rest, counting = held_out(train)
    if not len(held) or not len(rest):
        return STRENGTHS[2]

    def loss(strength: float) -> float:
        known = None if train.weights is None else counting[rest]
        coefficients, intercept = _solve(table[rest], answers[rest], strength, known)
        off = table[held] @ coefficients + intercept - answers[held]
        return float(np.average((off**2).mean(axis=1), weights=counting[held]))

    return min(STRENGTHS, key=loss)
