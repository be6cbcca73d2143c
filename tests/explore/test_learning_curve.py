"""Gains foretold by the learning curve hold what happens, where the law and its noise are known."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_array

from haoqi.evaluate.counts import share
from haoqi.evaluate.metric import Statistics
from haoqi.explore.advice.learning_curve import DRAW, Gain, LearningCurve, Pass, fit_curve, prior_curve

MORE = 50
Rng = np.random.Generator


class Learning:
    """A task whose error is known: E (1 - r + r (n / N)^-c), and each row's own good or harm to a model's luck."""

    def __init__(self, rows: int, error: float, reducible: float, exponent: float, rng: Rng) -> None:
        self.rows, self.rng, self.judges = rows, rng, rng.random(400)
        self.law: Callable[[float], float] = lambda n: error * (1 - reducible + reducible * (n / rows) ** -exponent)
        self.luck = rng.normal(0.0, np.sqrt(DRAW * error * (1 - error)), rows + MORE)

    def score(self, chosen: npt.NDArray[np.int64]) -> float:
        return 1 - self.law(len(chosen)) + float(self.luck[chosen].mean())

    def judged(self, chosen: npt.NDArray[np.int64]) -> Statistics:
        """Return what 400 texts say of a model: most think alike of all models, some are of their own mind."""
        fickle = self.rng.random(400) < 0.08
        right = np.where(fickle, self.rng.random(400), self.judges) < self.score(chosen)
        return csr_array(np.column_stack([right, np.ones(400)]).astype(np.float64))

    def curve(self, draws: int) -> LearningCurve:
        whole = self.judged(np.arange(self.rows))
        passes = []
        for draw in range(draws):
            order = self.rng.permutation(self.rows)
            passes += [Pass(n, draw, self.judged(order[:n])) for n in (self.rows // 4, self.rows // 2)]
        prior = prior_curve(self.rows, float(share(np.asarray(whole.sum(axis=0)).ravel())), 400)
        return fit_curve(prior, passes, whole, share, rng=self.rng)

    def realised(self) -> float:
        return self.score(np.arange(self.rows + MORE)) - self.score(np.arange(self.rows))


@pytest.mark.parametrize(
    ("rows", "error", "reducible", "exponent"), [(200, 0.3, 0.6, 0.5), (800, 0.2, 0.9, 0.8), (400, 0.1, 0.3, 0.3)]
)
def test_intervals_hold_the_gain_as_often_as_they_say(
    rows: int, error: float, reducible: float, exponent: float
) -> None:
    held, foretold, true = [], [], 0.0
    for trial in range(24):
        rng = np.random.default_rng([trial, rows])
        task = Learning(rows, error, reducible, exponent, rng)
        gain = Gain.of(task.curve(3).gains(MORE, rng))
        held.append(gain.low <= task.realised() <= gain.high)
        foretold.append(gain.mean)
        true = task.law(rows) - task.law(rows + MORE)
        assert gain.high - gain.low < 0.1  # an interval that says nothing would hold anything
    assert 16 <= sum(held) <= 24
    assert np.mean(foretold) == pytest.approx(true, rel=0.5)


def flat(right: float, count: int = 1000) -> Statistics:
    return csr_array(np.column_stack([np.arange(count) < right * count, np.ones(count)]).astype(np.float64))


def test_a_steep_curve_promises_more_than_a_flat_one_and_than_none() -> None:
    usual = prior_curve(400, 0.8, 1000)
    steep, level = (
        fit_curve(
            usual,
            [Pass(100, 1, flat(a)), Pass(200, 1, flat(b))],
            flat(0.8),
            share,
            rng=np.random.default_rng(0),
        )
        for a, b in ((0.6, 0.71), (0.8, 0.8))
    )
    assert level.expected(MORE) < usual.expected(MORE) / 2 < steep.expected(MORE) / 2
    assert steep.needed(0.01) is not None and level.needed(0.15) is None
    assert steep.expected(steep.needed(0.01) or 0) == pytest.approx(0.01, rel=0.1)


def test_more_rows_bring_more_and_later_ones_less() -> None:
    curve = prior_curve(400, 0.7, 500)
    assert 0 < curve.expected(50) < curve.expected(200) < curve.error
    assert curve.expected(50, start=4000) < curve.expected(50, start=400) / 3


def test_luck_shrinks_with_the_rows_and_seeds_add_to_it() -> None:
    def width(curve: LearningCurve) -> float:
        gain = Gain.of(curve.gains(MORE, np.random.default_rng(0)))
        return gain.high - gain.low

    few, many = prior_curve(100, 0.8, 500), prior_curve(2000, 0.8, 500)
    assert width(many) < width(few) / 4
    assert width(prior_curve(2000, 0.8, 500, seeds=0.01)) > 2 * width(many)


def test_another_methods_curve_starts_from_its_own_error_with_more_doubt() -> None:
    mine = prior_curve(400, 0.7, 500)
    other = mine.of(0.1)
    assert (other.error, other.rows) == (0.1, 400)
    assert other.expected(MORE) == pytest.approx(mine.expected(MORE) / 3)
    assert other.doubt > mine.doubt
    assert other.draw_variance < mine.draw_variance


def test_parts_as_large_as_the_whole_tell_nothing() -> None:
    usual = prior_curve(400, 0.8, 1000)
    assert fit_curve(usual, [Pass(400, 1, flat(0.5))], flat(0.8), share, rng=np.random.default_rng(0)) is usual


def test_a_perfect_score_still_has_an_error() -> None:
    assert prior_curve(400, 1.0, 100).error == 0.005


@pytest.mark.parametrize(("rows", "score"), [(8, 0.9), (18, 0.5), (27, 1.0)])
def test_no_gain_is_larger_than_the_error_that_is_left(rows: int, score: float) -> None:
    curve = prior_curve(rows, score, rows)
    assert curve.gains(5000, np.random.default_rng(0)).max() <= curve.error
