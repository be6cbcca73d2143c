"""A Gaussian process over plans: what every plan would score, with doubt, and how plans are correlated.

A Gaussian process over plans (Rasmussen and Williams, 2006, "Gaussian Processes for Machine Learning") in log-odds of
the score. Its mean is the prior's; its covariance is the sum of what all plans share (how hard the data are), what
plans of one method share, what two methods share on other data, what more examples add, and what near plans share:

    level² + [same method] doubt² + [other] shared + slope² log(share) log(share') + within² exp(-distance / reach)

An experiment is seen with the noise of its interval, less the part that all plans share by being judged on the same
examples. How much plans differ on this data is fitted by the marginal likelihood.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import median

import numpy as np
import numpy.typing as npt

from haoqi.explore.beliefs.merit_scale import SHARES, MeritScale
from haoqi.explore.beliefs.transfer_prior import TransferPrior
from haoqi.explore.plans.plan import Experiment, Plan, plan_distance

Floats = npt.NDArray[np.float64]

REACH = 0.3
"""How far an outcome speaks for other plans of its method, in units of `plan.distance`."""

LEVEL, LEVEL_DOUBT = 1.0, 1.5
"""Log-odds of the baseline's score on data nobody has seen, and their standard deviation: 38 % to 92 %."""

SHARED = 0.5
"""Part of an interval's variance that comes from which examples are judged, which are the same for all plans."""

# Standard deviation of what one experiment shows, where no interval says it, and at least.
_NOISE, _LEAST_NOISE = 0.1, 0.03
# How much more or less plans differ than the prior says: what is tried, and the standard deviation of its logarithm.
_AMPLITUDES, _AMPLITUDE_DOUBT = (0.5, 0.71, 1.0, 1.41, 2.0), 0.5
_SURE = 1.96
# Points of the Gauss-Hermite quadrature.
_NODES = 9


@dataclass(frozen=True)
class JointScores:
    """Normal beliefs about the log-odds of some plans' scores, all together."""

    mean: Floats
    """Shape (plans,)."""
    covariance: Floats
    """Shape (plans, plans)."""
    noise: float
    """Variance of what one more experiment shows beside the truth."""

    @property
    def deviation(self) -> Floats:
        """Standard deviations, shape (plans,)."""
        found: Floats = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return found


@dataclass(frozen=True)
class Surrogate:
    """What is believed of all plans after some experiments."""

    prior: TransferPrior
    plans: tuple[Plan, ...] = ()
    """Those that scored, in order."""
    values: tuple[float, ...] = ()
    """Their scores in log-odds."""
    noises: tuple[float, ...] = ()
    """Variances of their noise."""
    amplitude: float = 1.0
    """How much more plans differ here than on other data."""
    scale: MeritScale = SHARES
    """What turns scores into log-odds."""

    @classmethod
    def of(cls, prior: TransferPrior, history: Sequence[Experiment], scale: MeritScale = SHARES) -> "Surrogate":
        """Return what is believed after a history; plans that failed say nothing of others."""
        scored = [(e, e.score) for e in history if e.score is not None]
        plans, values = tuple(e.plan for e, _ in scored), tuple(scale.odds(score) for _, score in scored)
        return cls(prior, plans, values, tuple(_noise(e, scale) for e, _ in scored), scale=scale)._fitted()

    def believe(self, plans: Sequence[Plan]) -> JointScores:
        """Return what is believed of some plans, all together."""
        mean = self._means(plans)
        prior = self._covariance(plans, plans)
        noise = median(self.noises) if self.noises else _NOISE**2
        if not self.plans:
            return JointScores(mean, prior, noise)
        cross = self._covariance(plans, self.plans)
        inverse, _ = _inverted(self._covariance(self.plans, self.plans) + np.diag(self.noises))
        gain = cross @ inverse
        mean_after = mean + gain @ (np.array(self.values) - self._means(self.plans))
        return JointScores(mean_after, prior - gain @ cross.T, noise)

    def score(self, plan: Plan) -> tuple[float | None, float]:
        """Return the score that a plan is believed to get, and its standard deviation; None before anything scored."""
        joint = self.believe([plan])
        scores, weights = predict_scores(joint.mean, joint.deviation, self.scale)
        mean = float(scores[0] @ weights)
        doubt = math.sqrt(max(0.0, float((scores[0] - mean) ** 2 @ weights)))
        return (round(mean, 6) if self.plans else None), round(doubt, 6)

    def _fitted(self) -> "Surrogate":
        """Return the same with the likeliest amplitude."""
        if len(self.plans) < 3:
            return self
        parts, off = self._parts(self.plans, self.plans), np.array(self.values) - self._means(self.plans)

        def likelihood(amplitude: float) -> float:
            inverse, log_determinant = _inverted(parts.joined(amplitude) + np.diag(self.noises))
            usual = (math.log(amplitude) / _AMPLITUDE_DOUBT) ** 2
            return -0.5 * (float(off @ inverse @ off) + log_determinant + usual)

        return replace(self, amplitude=max(_AMPLITUDES, key=likelihood))

    def _means(self, plans: Sequence[Plan]) -> Floats:
        return LEVEL + np.array([self.prior.mean(plan) for plan in plans])

    def _covariance(self, one: Sequence[Plan], other: Sequence[Plan]) -> Floats:
        return self._parts(one, other).joined(self.amplitude)

    def _parts(self, one: Sequence[Plan], other: Sequence[Plan]) -> "_Parts":
        """Return how plans hang together, shapes (len(one), len(other)); plans of two methods are far."""
        rows, columns = (np.log([plan.share for plan in plans]) for plans in (one, other))
        mine, yours = (np.array([self.prior.slope(plan.method).doubt for plan in plans]) for plans in (one, other))
        doubts = [self.prior.doubt(plan) for plan in other]
        within, own = self.prior.within**2, np.zeros((len(one), len(other)))
        for place, plan in enumerate(one):
            doubt = self.prior.doubt(plan)
            for at, twin in enumerate(other):
                if plan.method == twin.method:
                    own[place, at] = doubt * doubts[at] + within * _nearness(plan, twin)
                else:
                    own[place, at] = self.prior.covariance(plan.method, twin.method)
        return _Parts(LEVEL_DOUBT**2 + np.outer(rows * mine, columns * yours), own)


@dataclass(frozen=True)
class _Parts:
    """The covariance of plans: what all share, and what they share by their methods."""

    common: Floats
    own: Floats

    def joined(self, amplitude: float) -> Floats:
        found: Floats = self.common + amplitude**2 * self.own
        return found


@lru_cache(maxsize=2**16)
def _nearness(one: Plan, other: Plan) -> float:
    return math.exp(-plan_distance(one, other) / REACH)


def predict_scores(mean: Floats, deviation: Floats, scale: MeritScale = SHARES) -> tuple[Floats, Floats]:
    """Return scores that stand for normal beliefs in log-odds, shape (..., nodes), and their weights, shape (nodes,).

    Args:
        mean: shape (...).
        deviation: shape (...).
        scale: what turns log-odds into scores.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    odds = mean[..., None] + deviation[..., None] * points
    return scale.merits(odds), weights / weights.sum()


def _noise(experiment: Experiment, scale: MeritScale) -> float:
    """Return the variance of what an experiment shows of its plan, the part that all plans share left out."""
    if experiment.low is None or experiment.high is None:
        return _NOISE**2
    deviation = (scale.odds(experiment.high) - scale.odds(experiment.low)) / (2 * _SURE)
    return max(_LEAST_NOISE**2, (1 - SHARED) * deviation**2)


def _inverted(matrix: Floats) -> tuple[Floats, float]:
    """Return the inverse of a covariance and the logarithm of its determinant.

    Distances of plans need not be distances of points, so eigenvalues may be below zero: they are clipped.
    """
    values, vectors = np.linalg.eigh(matrix)
    clipped = np.maximum(values, _LEAST_NOISE**2)
    return (vectors / clipped) @ vectors.T, float(np.log(clipped).sum())
