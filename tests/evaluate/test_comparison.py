"""Equal models are rarely called different, better ones are found, and few examples prove nothing."""

import numpy as np
import pytest

from haoqi.evaluate.comparison import average, compare
from haoqi.evaluate.metric import count_answers
from haoqi.evaluate.metrics import metrics

ACCURACY = metrics.build("accuracy")
MACRO_F1 = metrics.build("macro_f1")
LABELS = ("a", "b", "c")


def _truth(rng: np.random.Generator, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return rng.choice(3, size=size, p=[0.5, 0.3, 0.2])


def _answers(rng: np.random.Generator, truth: "np.ndarray[tuple[int], np.dtype[np.int64]]", right: float) -> list[str]:
    wrong = (truth + rng.integers(1, 3, size=len(truth))) % 3
    return [LABELS[index] for index in np.where(rng.random(len(truth)) < right, truth, wrong)]


def _p_values(metric_name: str, rights: tuple[float, float], *, size: int, rounds: int) -> list[float]:
    metric = metrics.build(metric_name)
    rng = np.random.default_rng(11)
    found = []
    for _ in range(rounds):
        truth = _truth(rng, size)
        labels = [LABELS[index] for index in truth]
        first, second = (count_answers(metric, labels, _answers(rng, truth, right), LABELS) for right in rights)
        found.append(compare(first, second, metric.score, rng=rng, samples=100).p_value)
    return found


@pytest.mark.parametrize("name", ["accuracy", "macro_f1"])
def test_equal_models_are_called_different_at_about_the_stated_rate(name: str) -> None:
    found = np.array(_p_values(name, (0.8, 0.8), size=80, rounds=120))
    assert 0.0 <= (found <= 0.05).mean() <= 0.09
    assert 0.1 <= (found <= 0.2).mean() <= 0.28


@pytest.mark.parametrize("name", ["accuracy", "macro_f1"])
def test_a_better_model_is_found(name: str) -> None:
    found = np.array(_p_values(name, (0.9, 0.75), size=300, rounds=20))
    assert (found <= 0.05).mean() >= 0.9


def test_comparison_is_the_mirror_of_the_other_way_round() -> None:
    rng = np.random.default_rng(0)
    truth = _truth(rng, 400)
    labels = [LABELS[index] for index in truth]
    good, poor = (count_answers(MACRO_F1, labels, _answers(rng, truth, right), LABELS) for right in (0.9, 0.8))
    there = compare(good, poor, MACRO_F1.score, rng=np.random.default_rng(1))
    back = compare(poor, good, MACRO_F1.score, rng=np.random.default_rng(1))
    assert there.difference == pytest.approx(-back.difference)
    assert there.low == pytest.approx(-back.high, abs=0.02)
    assert there.low < there.difference < there.high
    assert there.better() and not back.better()


def test_a_model_against_itself_shows_no_difference_and_claims_no_proof() -> None:
    statistics = count_answers(ACCURACY, ["a", "b"] * 10, ["a", "a"] * 10, LABELS)
    found = compare(statistics, statistics, ACCURACY.score, rng=np.random.default_rng(0))
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert found.low < -0.05 and found.high > 0.05
    assert not found.better()


def test_pairing_finds_what_two_intervals_cannot() -> None:
    """The models err on the same hard examples; the first is right on 15 that the second misses."""
    truth = ["a"] * 500
    second = ["b"] * 100 + ["b"] * 15 + ["a"] * 385
    first = ["b"] * 100 + ["a"] * 15 + ["a"] * 385
    counts = [count_answers(ACCURACY, truth, answers, LABELS) for answers in (first, second)]
    found = compare(counts[0], counts[1], ACCURACY.score, rng=np.random.default_rng(0))
    assert found.difference == pytest.approx(0.03)
    assert found.p_value < 0.001
    assert found.low > 0


def test_p_value_agrees_with_the_exact_sign_test() -> None:
    """Nine examples for the first and two against it: the exact two-sided p-value is 134 / 2048."""
    truth = ["a"] * 50
    first = ["a"] * 9 + ["b"] * 2 + ["a"] * 39
    second = ["b"] * 9 + ["a"] * 2 + ["a"] * 39
    counts = [count_answers(ACCURACY, truth, answers, LABELS) for answers in (first, second)]
    found = compare(counts[0], counts[1], ACCURACY.score, rng=np.random.default_rng(0), samples=20_000)
    assert found.p_value == pytest.approx(134 / 2048, abs=0.01)


def test_average_of_seeds_is_the_mean_of_their_statistics() -> None:
    seeds = [
        count_answers(ACCURACY, ["a"] * 4, answers, LABELS) for answers in (list("aabb"), list("aaab"), list("abbb"))
    ]
    assert float(ACCURACY.score(average(seeds).sum(axis=0))) == pytest.approx((2 + 3 + 1) / 12)
    assert compare(average(seeds), seeds[0], ACCURACY.score, rng=np.random.default_rng(0)).difference == pytest.approx(
        0
    )


def test_models_asked_different_examples_are_not_compared() -> None:
    first, second = (count_answers(ACCURACY, ["a"] * size, ["a"] * size, LABELS) for size in (3, 4))
    with pytest.raises(ValueError, match="cannot be paired"):
        compare(first, second, ACCURACY.score, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="one shape"):
        average([])


def test_comparison_is_that_of_drawing_and_swapping_examples_one_by_one() -> None:
    rng = np.random.default_rng(5)
    truth = _truth(rng, 250)
    labels = [LABELS[index] for index in truth]
    first, second = (count_answers(MACRO_F1, labels, _answers(rng, truth, right), LABELS) for right in (0.84, 0.8))
    one, other = first.toarray(), second.toarray()

    def gap(mine: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", theirs: object) -> float:
        return float(MACRO_F1.score(mine.sum(axis=0)) - MACRO_F1.score(np.sum(theirs, axis=0)))

    drawn, swapped = [], []
    for _ in range(3000):
        rows = rng.integers(250, size=250)
        drawn.append(gap(one[rows], other[rows]))
        swap = rng.integers(2, size=(250, 1))
        swapped.append(gap(np.where(swap, other, one), np.where(swap, one, other)))
    found = compare(first, second, MACRO_F1.score, rng=rng, samples=3000)
    np.testing.assert_allclose((found.low, found.high), np.quantile(drawn, [0.025, 0.975]), atol=0.01)
    assert found.p_value == pytest.approx(np.mean(np.abs(swapped) >= abs(gap(one, other))), abs=0.03)
