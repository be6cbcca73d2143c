"""How sure a score is: the bootstrap over examples (Efron, "Better bootstrap confidence intervals", 1987)."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.metric import Array, Statistics

Score = Callable[[Array], Array]

# Numbers held at once while resampling: at most 32 MB. Of many samples only so many together as stay near the processor
# are drawn: sums over them are four to ten times as fast as over all in one piece.
CELLS, NEAR, TOGETHER = 4_000_000, 250_000, 16
# A multinomial draws a group in the time in which so many examples are drawn one by one.
_EXAMPLES_PER_GROUP = 16
# With fewer right or fewer wrong examples than this, resampling them cannot show what others may come.
SCARCE = 10


class Interval(NamedTuple):
    """Where a score lies with the stated certainty."""

    low: float
    high: float


def interval(
    statistics: Statistics,
    score: Score,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    samples: int = 1000,
    bounds: tuple[float, float] = (0.0, 1.0),
    right_or_wrong: bool = True,
) -> Interval:
    """Return where the score of all texts like these lies with a certainty of `level`.

    Examples are drawn again with replacement; the interval is the bias-corrected and accelerated one. Where
    fewer than ten examples are right, or fewer than ten wrong, the bootstrap claims too much: drawn from
    twenty right answers it says 1.0 to 1.0. There the interval is widened to hold Wilson's for the score as
    a share of the examples (Wilson, 1927; Brown, Cai and DasGupta, "Interval estimation for a binomial
    proportion", 2001), which for 20 of 20 says 0.84 to 1.0.

    Args:
        statistics: a metric's counts per example, shape (n, k).
        score: the metric's score.
        rng: source of the resamples.
        level: the share of such intervals that hold the true score.
        samples: how many resamples.
        bounds: no score lies beyond them.
        right_or_wrong: whether single examples are right or wrong by the metric; else nothing is widened.

    Returns:
        The interval; it always holds the score itself. Without examples it is all there is.
    """
    groups = Groups.of(statistics)
    if not groups.examples:
        return Interval(*bounds)
    point = float(score(groups.total))
    low, high = accelerated(groups, score, rng=rng, level=level, samples=samples)
    if right_or_wrong:
        right, trials = _right(groups, score)
        if min(right, trials - right) < SCARCE:
            wide = wilson(min(max(point, 0.0), 1.0), max(trials, 1), level)
            low, high = min(low, wide.low), max(high, wide.high)
    return Interval(min(low, point), max(high, point))


def percentile(
    statistics: Statistics,
    score: Callable[[Array], float],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    samples: int = 200,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> Interval:
    """Return the percentile bootstrap interval of a score that is no function of sums, such as a correlation of ranks.

    Args:
        statistics: one row per example, shape (n, k).
        score: all rows to the score.
        rng: source of the resamples.
        level: the interval's certainty.
        samples: how many resamples.
        bounds: no score lies beyond them.
    """
    rows = statistics.toarray()
    if not len(rows):
        return Interval(*bounds)
    point = score(rows)
    found = [score(rows[rng.integers(len(rows), size=len(rows))]) for _ in range(samples)]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(min(float(low), point), max(float(high), point))


def wilson(share: float, trials: int, level: float = 0.95) -> Interval:
    """Return Wilson's interval for a share seen in a number of trials.

    >>> low, high = wilson(1.0, 20)
    >>> round(low, 3), round(high, 3)
    (0.839, 1.0)
    """
    reach = _normal_quantile((1 + level) / 2)
    shrink = 1 + reach**2 / trials
    centre = (share + reach**2 / (2 * trials)) / shrink
    half = reach * float(np.sqrt(share * (1 - share) / trials + reach**2 / (4 * trials**2))) / shrink
    return Interval(max(centre - half, 0.0), min(centre + half, 1.0))


class Groups(NamedTuple):
    """Examples with equal statistics, counted together: resampling costs what differs, not what there is."""

    rows: Statistics
    """The different rows, shape (groups, k)."""
    sizes: npt.NDArray[np.int64]
    """How many examples have each row, shape (groups,)."""
    examples: int
    """How many examples there are."""

    @classmethod
    def of(cls, statistics: Statistics) -> "Groups":
        """Return the groups of statistics of shape (n, k)."""
        from scipy.sparse import csr_array

        table = csr_array(statistics)
        table.sum_duplicates()
        count, width = table.shape
        if not count:
            return cls(table, np.zeros(0, dtype=np.int64), 0)
        # Equal rows are those with equal shadows on two random directions: different ones never coincide in practice.
        directions = np.random.default_rng(0).normal(size=(width, 2))
        _, first, sizes = np.unique(table @ directions, axis=0, return_index=True, return_counts=True)
        return cls(table[first], sizes.astype(np.int64), count)

    @property
    def total(self) -> Array:
        """The summed statistics of all examples, shape (k,)."""
        return self.sums(self.sizes[None].astype(np.float64)).ravel()

    def sums(self, sizes: Array) -> Array:
        """Return the summed statistics of samples with these group sizes: (samples, groups) to (samples, k).

        Sizes whose columns lie together in memory, one sample after the other within a group, are summed in place.
        """
        found: Array = np.asarray(sizes @ self.rows, dtype=np.float64)
        return found

    def resampled(self, samples: int, rng: np.random.Generator) -> Iterator[Array]:
        """Yield group sizes of samples drawn with replacement, in chunks of shape (some, groups)."""
        shares = self.sizes / self.examples
        for size in self.chunks(samples):
            if len(self.sizes) * _EXAMPLES_PER_GROUP < self.examples:
                yield np.asarray(rng.multinomial(self.examples, shares, size=size), dtype=np.float64, order="F")
            else:
                yield self._drawn(size, rng)

    def without_one(self) -> Iterator[Array]:
        """Yield the totals without one example of each group, in chunks of shape (some, k)."""
        first, total = 0, self.total
        for size in self.chunks(len(self.sizes)):
            yield np.asarray(total - self.rows[first : first + size].toarray())
            first += size

    def _drawn(self, samples: int, rng: np.random.Generator) -> Array:
        """Return the group sizes of samples: faster than a multinomial where most examples differ."""
        owner = np.repeat(np.arange(len(self.sizes)), self.sizes)
        found = np.empty((len(self.sizes), samples))
        for sample in range(samples):
            drawn = rng.integers(self.examples, size=self.examples)
            found[:, sample] = np.bincount(owner[drawn], minlength=len(self.sizes))
        return found.T

    def chunks(self, samples: int) -> Iterator[int]:
        """Yield how many samples to work on at once, until all are done: as many as memory should hold."""
        widest = max(self.rows.shape[1], len(self.sizes))
        most = max(1, min(CELLS // widest, max(TOGETHER, NEAR // widest)))
        for done in range(0, samples, most):
            yield min(most, samples - done)


def accelerated(
    groups: Groups, score: Score, *, rng: np.random.Generator, level: float = 0.95, samples: int = 1000
) -> Interval:
    """Return the bias-corrected and accelerated bootstrap interval of a score (BCa, Efron, 1987).

    Where the score is the same in every sample, the interval is that one score.
    """
    from scipy.special import ndtr

    point = float(score(groups.total))
    found = np.concatenate([score(groups.sums(sizes)) for sizes in groups.resampled(samples, rng)])
    below = (found < point).sum() + 0.5 * (found == point).sum()
    bias = _normal_quantile(float(np.clip(below / samples, 1 / (samples + 1), samples / (samples + 1))))
    reach = bias + np.array([-1.0, 1.0]) * _normal_quantile((1 + level) / 2)
    bend = 1 - _acceleration(groups, score) * reach
    places = ndtr(bias + reach / np.where(bend > 0.1, bend, 1.0))
    low, high = np.quantile(found, np.sort(places))
    return Interval(float(low), float(high))


def _acceleration(groups: Groups, score: Score) -> float:
    """Return how fast the score's spread changes with the score, from leaving out one example at a time."""
    if groups.examples < 2:
        return 0.0
    scores = np.concatenate([score(totals) for totals in groups.without_one()])
    lost = np.average(scores, weights=groups.sizes) - scores
    spread = float((groups.sizes * lost**2).sum())
    return float((groups.sizes * lost**3).sum()) / (6 * spread**1.5) if spread > 1e-18 else 0.0


def _right(groups: Groups, score: Score) -> tuple[int, int]:
    """Return how many examples are wholly right, and how many count at all (a text without spans may not)."""
    first, right, trials = 0, 0, 0
    for size in groups.chunks(len(groups.sizes)):
        rows = groups.rows[first : first + size].toarray()
        sizes = groups.sizes[first : first + size]
        trials += int(sizes[rows.any(axis=1)].sum())
        right += int(sizes[score(rows) >= 1 - 1e-9].sum())
        first += size
    return right, trials


def _normal_quantile(share: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(share))
