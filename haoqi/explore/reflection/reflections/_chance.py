"""What chance alone would do: small exact tests, so that a reflection stays quiet where there is nothing."""

import math

import numpy as np
import numpy.typing as npt


def chance_of_more(count: int, trials: int, share: float) -> float:
    """Return how likely at least so many of the trials succeed if each does with the given chance.

    >>> round(chance_of_more(2, 2, 0.5), 3)
    0.25
    """
    from scipy.special import betainc

    if count <= 0:
        return 1.0
    return 0.0 if count > trials else float(betainc(count, trials - count + 1, share))


def chance_of_fewer(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Return how likely the first share would be so much smaller than the second if both were one (Fisher, 1922).

    Args:
        first: (successes, trials).
        second: the same.

    >>> round(chance_of_fewer((0, 4), (4, 4)), 4)
    0.0143
    """
    from scipy.special import gammaln

    (mine, tries), (theirs, others) = first, second
    right, total = mine + theirs, tries + others

    def choose(n: npt.NDArray[np.float64] | float, k: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = gammaln(np.asarray(n) + 1) - gammaln(np.asarray(k) + 1)
        return np.asarray(found - gammaln(np.asarray(n) - np.asarray(k) + 1))

    least = max(0, right - others)
    counts = np.arange(least, mine + 1, dtype=np.float64)
    if not len(counts):
        return 1.0
    logs = choose(tries, counts) + choose(others, right - counts) - choose(total, right)
    return float(min(1.0, np.exp(logs).sum()))


def chance_of_turn(lost: int, won: int) -> float:
    """Return how likely so many losses would stand against so few wins if each were as likely (McNemar, 1947)."""
    return chance_of_more(lost, lost + won, 0.5) if lost + won else 1.0


def area(scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return the area under the ROC curve and its 95 % interval (Hanley and McNeil, 1982, Radiology 143(1):29-36).

    Args:
        scores: shape (n,), higher for what should be positive.
        positive: shape (n,).
    """
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return 0.5, 0.0, 1.0
    _, place, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[place]  # ties share the middle of their ranks
    found = (float(ranks[positive].sum()) - ones * (ones + 1) / 2) / (ones * zeros)
    first, second = found / (2 - found), 2 * found**2 / (1 + found)
    spread = found * (1 - found) + (ones - 1) * (first - found**2) + (zeros - 1) * (second - found**2)
    half = 1.96 * math.sqrt(max(spread, 1e-12) / (ones * zeros))
    return found, max(0.0, found - half), min(1.0, found + half)
