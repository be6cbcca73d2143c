"""Whether one model is better than another on the same examples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, hstack

from haoqi.evaluate.intervals import SCARCE, Groups, Interval, Score, accelerated
from haoqi.evaluate.metric import Array, Statistics

RESAMPLES = 2000
"""An interval needs no more, however many swaps a small p-value asks for."""


@dataclass(frozen=True)
class Comparison:
    """What is known about the difference of two models' scores."""

    difference: float
    """The first's score less the second's."""
    low: float
    """The least difference that is compatible with the examples."""
    high: float
    """The greatest difference that is."""
    p_value: float
    """How often chance alone makes a difference at least as large, in either direction."""

    def better(self, alpha: float = 0.05) -> bool:
        """Return whether the first model is better, wrongly so at most in a share alpha of equal pairs."""
        return self.difference > 0 and self.p_value <= alpha


def compare(
    first: Statistics,
    second: Statistics,
    score: Score,
    *,
    rng: np.random.Generator,
    samples: int = 2000,
    level: float = 0.95,
    right_or_wrong: bool = True,
) -> Comparison:
    """Return how much better the first model is than the second, on the same examples in the same order.

    The p-value is from approximate randomisation: if the models are equal, their answers to an example can be
    swapped without anyone noticing (Noreen, "Computer-intensive methods for testing hypotheses", 1989). The
    interval is the paired bootstrap's; where fewer than ten examples tell the models apart, it is widened to
    hold the adjusted interval for matched pairs (Agresti and Min, "Simple improved confidence intervals for
    comparing matched proportions", 2005), since two models that agree on few examples are not proven equal.

    Args:
        first: a metric's counts for the one model, shape (n, k).
        second: the same for the other.
        score: the metric's merit: higher is better.
        rng: source of the swaps and the resamples.
        samples: how many of each, resamples up to RESAMPLES; the p-value is at least 1 / (samples + 1).
        level: the interval's certainty.
        right_or_wrong: whether single examples are right or wrong by the metric; else nothing is widened.

    Raises:
        ValueError: if the shapes differ, as they do when the models were asked different examples.
    """
    if first.shape != second.shape:
        raise ValueError(f"statistics of shapes {first.shape} and {second.shape} cannot be paired")
    if not first.shape[0]:
        return Comparison(0.0, -1.0, 1.0, 1.0)
    width = first.shape[1]

    def gap(totals: Array) -> Array:
        return np.asarray(score(totals[..., :width]) - score(totals[..., width:]))

    pairs = Groups.of(csr_array(hstack([first, second])))
    difference = float(gap(pairs.total))
    low, high = accelerated(pairs, gap, rng=rng, level=level, samples=min(samples, RESAMPLES))
    if right_or_wrong:
        low, high = _widened(Interval(low, high), pairs, score, level)
    p_value = _chance(Groups.of(csr_array(second - first)), pairs.total, score, rng=rng, samples=samples)
    return Comparison(difference, min(low, difference), max(high, difference), p_value)


def average(statistics: Sequence[Statistics]) -> Statistics:
    """Return the mean statistics of several seeds of one plan on the same examples, shape (n, k).

    Raises:
        ValueError: if there are none, or their shapes differ.
    """
    if len({one.shape for one in statistics}) != 1:
        raise ValueError("statistics of one shape are needed to average them")
    return csr_array(sum(statistics[1:], start=statistics[0]) / len(statistics))


def optimism(
    models: Sequence[Statistics], chosen: int, score: Score, *, rng: np.random.Generator, samples: int = 300
) -> float:
    """Return by how much the score of a model flatters it because the same examples helped to choose it.

    The bootstrap bias correction for cross-validation (Tsamardinos, Greasidou and Borboudakis, 2018,
    doi:10.1007/s10994-018-5714-4): on each resample of the examples the best model is chosen again, and scored on
    the examples that were not drawn; what it loses there is the price of choosing. What the chosen model itself
    loses is taken off, since a metric may differ with the number of examples. Who chooses by a test rather than by
    the score is flattered less, so this is at most what is to be taken off.

    Args:
        models: a metric's counts of every model that could have been chosen, each of shape (n, k).
        chosen: the place of the one that was.
        score: the metric's score.
        rng: source of the resamples.
        samples: how many.

    Returns:
        What to take off the score, 0 or more.
    """
    count = models[chosen].shape[0] if models else 0
    if len(models) < 2 or not count:
        return 0.0
    drawn = np.asarray(rng.multinomial(count, np.full(count, 1 / count), size=samples), dtype=np.float64, order="F")
    left = (drawn == 0).astype(np.float64)
    inside, outside = (np.array([score(np.asarray(part @ one)) for one in models]) for part in (drawn, left))
    lost = inside - outside
    best = lost[inside.argmax(axis=0), np.arange(samples)]
    return max(0.0, float(np.mean(best - lost[chosen])))


def _chance(groups: Groups, totals: Array, score: Score, *, rng: np.random.Generator, samples: int) -> float:
    """Return how often swapping answers at random makes a difference at least as large as the one seen.

    Args:
        groups: second less first, per example.
        totals: summed statistics of the first, then of the second, shape (2 k,).
        score: the metric's score.
        rng: source of the swaps.
        samples: how many times all examples are swapped or not.
    """
    first, second = np.split(totals, 2)
    seen = abs(float(score(first) - score(second)))
    as_large = 0
    for size in groups.chunks(samples):
        moved = groups.sums(_swapped(groups, size, rng))
        found = np.abs(score(first + moved) - score(second - moved))
        as_large += int((found >= seen - 1e-12).sum())
    return (as_large + 1) / (samples + 1)


def _swapped(groups: Groups, samples: int, rng: np.random.Generator) -> Array:
    """Return how many examples of each group have their answers swapped, shape (samples, groups)."""
    found = rng.integers(2, size=(len(groups.sizes), samples), dtype=np.int8).astype(np.float64)
    several = np.flatnonzero(groups.sizes > 1)
    found[several] = rng.binomial(groups.sizes[several, None], 0.5, size=(len(several), samples))
    return found.T


def _widened(found: Interval, pairs: Groups, score: Score, level: float) -> Interval:
    """Return an interval that also holds the one for matched pairs, where few examples tell the models apart."""
    from scipy.special import ndtri

    won, lost = _won_and_lost(pairs, score)
    if won + lost >= SCARCE:
        return found
    trials, won, lost = pairs.examples + 2, won + 0.5, lost + 0.5
    centre = (won - lost) / trials
    half = float(ndtri((1 + level) / 2)) * float(np.sqrt(won + lost - (won - lost) ** 2 / trials)) / trials
    return Interval(min(found.low, centre - half), max(found.high, centre + half))


def _won_and_lost(pairs: Groups, score: Score) -> tuple[float, float]:
    """Return how many examples the first answers better than the second, and how many worse."""
    won, lost, first = 0.0, 0.0, 0
    for size in pairs.chunks(len(pairs.sizes)):
        one, other = np.split(pairs.rows[first : first + size].toarray(), 2, axis=1)
        gaps, sizes = score(one) - score(other), pairs.sizes[first : first + size]
        won += float(sizes[gaps > 1e-9].sum())
        lost += float(sizes[gaps < -1e-9].sum())
        first += size
    return won, lost
