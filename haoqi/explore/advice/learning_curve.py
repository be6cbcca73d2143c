"""What more examples would bring: a power law of the error, fitted to scores on nested parts of the examples.

The error with n examples is floor + b n^-c (Hestness et al., 2017, "Deep Learning Scaling is Predictable,
Empirically", arXiv:1712.00409; Viering and Loog, 2023, "The Shape of Learning Curves", arXiv:2103.10948). With E for
the error with all N examples and r for the part of it that more examples can take away,

    error(n) = E (1 - r + r (n / N)^-c)

Beliefs about r and c are a grid. What is fitted are differences to the score with all examples, judged on the same
texts, so that what those texts have in common cancels. Two sources of noise are told apart: which texts judge, by
the paired bootstrap; and which examples were learnt from, whose variance falls as one over their number, as that of a
mean does, and is read off the spread between draws. Both stay in what is foretold: fifty more examples are one draw,
too, and a gain is seen on a test of 2,000 texts, the largest that a run sets aside.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.advice import LEVEL
from haoqi.evaluate.intervals import Score
from haoqi.evaluate.metric import Statistics

Floats = npt.NDArray[np.float64]

EXPONENT, EXPONENT_DOUBT = 0.5, 0.5
"""The usual exponent c of small data, and the standard deviation of its logarithm; Viering and Loog list 0.1 to 2."""

DRAW = 0.7
"""Variance of a score by the draw of its examples, times their number, as a share of E (1 - E). Seen were 0.2 to 1.6
on four data sets, and 4 to 8 where a model was about to notice a label; so it counts no more than three draws."""

SEEN = 2000
"""Texts that a gain is seen on."""

USUAL_DOUBT = 0.3
"""Standard deviation of the logarithm of how far a gain is off though the curve fits: no curve is a power law."""

TRANSFERRED = 0.4
"""Standard deviation of the logarithm of how much steeper another method's curve is than the one measured."""

_PRIOR_DRAWS = 3.0
# How far the law itself is off: a share of what it says, and a share of the error the more, the smaller the part; with
# few examples many a model learns nothing at all.
_MISFIT, _MISFIT_FAR = 0.15, 0.25
_RESAMPLES = 300
_DRAWS = 4000
# Least error: of the judged examples so many are wrong, whatever was seen.
_LEAST_WRONG = 0.5
_FURTHEST = 1024


@dataclass(frozen=True)
class Pass:
    """The judged examples answered by models that learnt from a part of the examples."""

    rows: float
    """Examples learnt from."""
    draw: int
    """Which draw it was; smaller parts of one draw lie within its larger ones."""
    statistics: Statistics
    """The deciding metric's, shape (judged examples, k)."""


@dataclass(frozen=True)
class Gain:
    """What is foretold of a score: the mean, and where it lies with 80 % certainty."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: Floats) -> "Gain":
        """Return the gain that draws of it stand for."""
        low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return cls(float(draws.mean()), float(low), float(high))


@dataclass(frozen=True)
class LearningCurve:
    """Beliefs about the error as a function of the number of examples."""

    rows: float
    """N: what the error was seen with."""
    error: float
    """E, in (0, 1]."""
    exponents: Floats
    """c, shape (cells,)."""
    reducible: Floats
    """r, shape (cells,)."""
    weights: Floats
    """How likely each cell is, shape (cells,), their sum 1."""
    draw_variance: float
    """Variance of a score by the draw of its examples, times their number."""
    freedom: float
    """Degrees of freedom of that variance."""
    seed_variance: float = 0.0
    """Of a score by all else that chance decides in a fit."""
    doubt: float = USUAL_DOUBT
    """Standard deviation of the logarithm of how much steeper the curve may be."""

    def gains(self, more: float, rng: np.random.Generator, start: float | None = None) -> Floats:
        """Return draws of what so many more examples bring, a fit's luck included, shape (draws,).

        Args:
            more: examples, of the same kind as those that are there.
            rng: source of the draws.
            start: examples that are there; None: N.
        """
        start = start or self.rows
        cells = rng.choice(len(self.weights), _DRAWS, p=self.weights)
        mean = self._gain(more, start)[cells] * np.exp(self.doubt * rng.standard_normal(_DRAWS))
        variance = self.draw_variance * more / (start * (start + more)) + 2 * self.seed_variance
        luck = rng.standard_normal(_DRAWS) * np.sqrt(variance * self.freedom / rng.chisquare(self.freedom, _DRAWS))
        # Answers that change, right to wrong or back, are about so many of those that can (bench/advice.py).
        judged = rng.standard_normal(_DRAWS) * np.sqrt(self.error * min(1.0, more / start) ** 0.5 / SEEN)
        found: Floats = np.minimum(np.minimum(mean, self.error) + luck + judged, self.error)  # no error is below 0
        return found

    def expected(self, more: float, start: float | None = None) -> float:
        """Return what so many more examples bring on average."""
        return float(self._gain(more, start or self.rows) @ self.weights)

    def needed(self, gain: float, start: float | None = None) -> int | None:
        """Return how many more examples bring this gain on average, to two digits; None: more than is sensible."""
        start = start or self.rows
        if gain <= 0 or self.expected(_FURTHEST * start, start) < gain:
            return None
        low, high = 0.0, _FURTHEST * start
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if self.expected(middle, start) >= gain else (middle, high)
        return max(1, int(float(f"{high:.2g}")))

    def of(self, error: float, doubt: float = TRANSFERRED) -> "LearningCurve":
        """Return the curve of another method on the same data: of like shape, from its own error."""
        scale = error * (1 - error) / max(1e-9, self.error * (1 - self.error))
        variance = self.draw_variance * float(np.clip(scale, 0.1, 10.0))
        return replace(self, error=error, draw_variance=variance, doubt=float(np.hypot(self.doubt, doubt)))

    def _gain(self, more: float, start: float) -> Floats:
        before, after = (n / self.rows for n in (start, start + more))
        found: Floats = self.error * self.reducible * (before**-self.exponents - after**-self.exponents)
        return found


def prior_curve(rows: float, score: float, judged: int, *, seeds: float = 0.0) -> LearningCurve:
    """Return what is believed of a curve of which one score is known.

    Args:
        rows: examples that were learnt from.
        score: what came of it.
        judged: examples that judged it.
        seeds: standard deviation of a score by the seed of a fit.
    """
    error = min(1.0, max(_LEAST_WRONG / max(1, judged), 1.0 - score))
    exponents, reducible = (
        side.ravel() for side in np.meshgrid(np.geomspace(0.1, 2.0, 25), np.arange(0.02, 1.0, 0.04))
    )
    weights = np.exp(-0.5 * (np.log(exponents / EXPONENT) / EXPONENT_DOUBT) ** 2)
    variance = DRAW * error * (1 - min(error, 0.98))
    return LearningCurve(
        rows, error, exponents, reducible, weights / weights.sum(), variance, _PRIOR_DRAWS, seed_variance=seeds**2
    )


def fit_curve(
    prior: LearningCurve,
    passes: Sequence[Pass],
    whole: Statistics,
    score: Score,
    *,
    rng: np.random.Generator,
    models: int = 1,
) -> LearningCurve:
    """Return a curve that knows what models of parts of the examples scored.

    Args:
        prior: what was believed before, at the number of examples of `whole`.
        passes: scores of parts.
        whole: the same of all examples.
        score: the deciding metric's.
        rng: source of the resamples.
        models: of each pass, each answering its share of the judged examples, as in cross-validation.
    """
    parts: dict[float, list[int]] = defaultdict(list)
    for place, one in enumerate(passes):
        if one.rows < prior.rows:
            parts[one.rows].append(place)
    if not parts:
        return prior
    sizes = sorted(parts)
    scores, samples = _scores([*(one.statistics for one in passes), whole], score, rng)
    known = _with_spread(prior, parts, scores, samples, models=models)
    less = np.array([scores[-1] - scores[parts[size]].mean() for size in sizes])
    spread = np.array([samples[-1] - samples[parts[size]].mean(axis=0) for size in sizes])
    counts = {size: len(parts[size]) * models for size in sizes}
    covariance = np.atleast_2d(np.cov(spread)) + _of_draws(known, sizes, counts, models)
    lost = known.error * known.reducible[:, None] * ((np.array(sizes) / known.rows) ** -known.exponents[:, None] - 1)
    far = (_MISFIT_FAR * known.error * (1 - np.array(sizes) / known.rows) ** 2) ** 2
    weights = known.weights * _likelihood(less, lost, covariance + np.diag(far))
    return replace(known, weights=weights / weights.sum()) if weights.sum() > 0 else known


def _scores(tables: Sequence[Statistics], score: Score, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the score of each table, shape (tables,), and on resampled examples, shape (tables, resamples)."""
    count = tables[0].shape[0]
    times = rng.multinomial(count, np.full(count, 1 / count), size=_RESAMPLES).astype(np.float64)
    scores = [float(score(np.asarray(table.sum(axis=0), dtype=np.float64).ravel())) for table in tables]
    samples = [np.asarray(score(np.asarray(times @ table, dtype=np.float64))) for table in tables]
    return np.array(scores), np.array(samples)


def _with_spread(
    prior: LearningCurve, parts: dict[float, list[int]], scores: Floats, samples: Floats, *, models: int
) -> LearningCurve:
    """Return the curve with what the spread between draws says of their variance.

    Two draws differ by which texts judge them, too, which the resamples show; what is left is due to the draw. The
    more the texts' part outweighs the draw's, the less a spread counts.
    """
    variance, freedom = prior.draw_variance * _PRIOR_DRAWS, _PRIOR_DRAWS
    for size, places in parts.items():
        if len(places) < 2:
            continue
        per_row = (1 / size - 1 / prior.rows) / models
        pairs = [(one, other) for at, one in enumerate(places) for other in places[:at]]
        apart = np.array([(scores[one] - scores[other]) ** 2 for one, other in pairs])
        by_texts = np.array([np.var(samples[one] - samples[other]) for one, other in pairs])
        usual = prior.draw_variance * per_row
        free = (len(places) - 1) * (usual / (usual + by_texts.mean() / 2)) ** 2
        variance += free * float((apart - by_texts).mean()) / 2 / per_row
        freedom += free
    return replace(prior, draw_variance=max(variance / freedom, 0.1 * prior.draw_variance), freedom=freedom)


def _of_draws(curve: LearningCurve, sizes: Sequence[float], counts: dict[float, int], models: int) -> Floats:
    """Return the covariance of the differences to the whole by the draw of examples, shape (sizes, sizes)."""
    larger = np.maximum.outer(np.array(sizes), np.array(sizes))
    models_of = np.array([counts[size] for size in sizes], dtype=np.float64)
    shared = curve.draw_variance * (1 / larger - 1 / curve.rows) / np.maximum.outer(models_of, models_of)
    found: Floats = shared + np.diag(curve.seed_variance / models_of) + curve.seed_variance / models
    return found


def _likelihood(less: Floats, lost: Floats, covariance: Floats) -> Floats:
    """Return how likely the differences seen are under each cell, but for a factor, shape (cells,)."""
    whole = covariance + 1e-6 * np.eye(len(less)) + _MISFIT**2 * lost[:, :, None] ** 2 * np.eye(len(less))
    off = (less - lost)[:, :, None]
    logs = -0.5 * ((off * np.linalg.solve(whole, off)).sum(axis=(1, 2)) + np.linalg.slogdet(whole)[1])
    found: Floats = np.exp(logs - logs.max())
    return found
