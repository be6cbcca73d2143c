"""Intervals hold the true score as often as they say, and never claim certainty from a handful of examples."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from haoqi.evaluate.intervals import Groups, Interval, interval, wilson
from haoqi.evaluate.metric import count_answers, score_answers
from haoqi.evaluate.metrics import metrics

ACCURACY = metrics.build("accuracy")
MACRO_F1 = metrics.build("macro_f1")
LABELS = ("a", "b", "c")


def _answers(rng: np.random.Generator, size: int, right: float) -> tuple[list[str], list[str]]:
    true = rng.choice(3, size=size, p=[0.6, 0.3, 0.1])
    wrong = (true + rng.integers(1, 3, size=size)) % 3
    predicted = np.where(rng.random(size) < right, true, wrong)
    return [LABELS[index] for index in true], [LABELS[index] for index in predicted]


@pytest.mark.parametrize("size", [20, 200])
@pytest.mark.parametrize("right", [0.75, 0.97])
def test_interval_holds_the_true_accuracy_about_as_often_as_it_says(size: int, right: float) -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(150):
        statistics = count_answers(ACCURACY, *_answers(rng, size, right), LABELS)
        low, high = interval(statistics, ACCURACY.score, rng=rng, samples=200)
        held += low <= right <= high
    assert held >= 150 * 0.9


@pytest.mark.slow
@pytest.mark.parametrize("size", [30, 100, 400])
def test_interval_holds_the_true_macro_f1_about_as_often_as_it_says(size: int) -> None:
    rng = np.random.default_rng(7)
    truth = score_answers(MACRO_F1, *_answers(rng, 300_000, 0.85), LABELS)
    held = 0
    for _ in range(400):
        statistics = count_answers(MACRO_F1, *_answers(rng, size, 0.85), LABELS)
        low, high = interval(statistics, MACRO_F1.score, rng=rng, samples=500)
        held += low <= truth <= high
    assert 0.9 <= held / 400 <= 0.99


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "micro_f1", "mcc"])
@pytest.mark.parametrize("size", [2, 5, 20, 100])
def test_all_right_is_not_certainty(name: str, size: int) -> None:
    metric = metrics.build(name)
    labels = [LABELS[index % 2] for index in range(size)]
    found = interval(count_answers(metric, labels, labels, LABELS), metric.score, rng=np.random.default_rng(0))
    assert found.high == pytest.approx(1.0, abs=1e-9)
    assert found.low <= 1 - 2 / (size + 4)
    assert found.low >= 0.0


def test_all_wrong_is_not_certainty_either() -> None:
    statistics = count_answers(ACCURACY, ["a"] * 20, ["b"] * 20, LABELS)
    found = interval(statistics, ACCURACY.score, rng=np.random.default_rng(0))
    assert found.low == 0.0
    assert 0.1 < found.high < 0.2


def test_more_examples_and_less_certainty_narrow_the_interval() -> None:
    rng = np.random.default_rng(3)
    few = count_answers(MACRO_F1, *_answers(rng, 100, 0.8), LABELS)
    many = count_answers(MACRO_F1, *_answers(rng, 2000, 0.8), LABELS)

    def width(found: Interval) -> float:
        return found.high - found.low

    assert width(interval(many, MACRO_F1.score, rng=rng)) < width(interval(few, MACRO_F1.score, rng=rng)) / 3
    less = interval(few, MACRO_F1.score, rng=rng, level=0.5)
    assert width(less) < width(interval(few, MACRO_F1.score, rng=rng)) / 2


def test_interval_repeats_itself_under_a_seed() -> None:
    statistics = count_answers(MACRO_F1, *_answers(np.random.default_rng(0), 80, 0.8), LABELS)
    first, again = (interval(statistics, MACRO_F1.score, rng=np.random.default_rng(5)) for _ in range(2))
    assert first == again


def test_no_examples_leave_everything_open() -> None:
    assert interval(count_answers(ACCURACY, [], [], LABELS), ACCURACY.score, rng=np.random.default_rng(0)) == (0.0, 1.0)


def test_wilson_agrees_with_the_published_example() -> None:
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table 1: 81 of 263
    low, high = wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_both_ways_of_resampling_draw_from_the_same_distribution() -> None:
    rng = np.random.default_rng(2)
    rows = csr_array(rng.integers(0, 50, size=(60, 2)).astype(float))  # nearly all different: drawn one by one
    few = csr_array(np.repeat([[1.0, 0.0], [0.0, 1.0]], [45, 15], axis=0))  # two kinds: one multinomial
    for table in (rows, few):
        groups = Groups.of(table)
        sizes = np.concatenate(list(groups.resampled(3000, rng)))
        assert np.all(sizes.sum(axis=1) == groups.examples)
        np.testing.assert_allclose(sizes.mean(axis=0), groups.sizes, rtol=0.1, atol=0.1)
        expected = groups.sizes * (1 - groups.sizes / groups.examples)
        np.testing.assert_allclose(sizes.var(axis=0), expected, rtol=0.25)


def test_grouping_keeps_the_sums() -> None:
    rng = np.random.default_rng(4)
    table = csr_array(rng.integers(0, 3, size=(500, 4)).astype(float))
    groups = Groups.of(table)
    assert len(groups.sizes) < 82
    np.testing.assert_allclose(groups.total, table.toarray().sum(axis=0))
    left_out = np.concatenate(list(groups.without_one()))
    np.testing.assert_allclose(left_out + groups.rows.toarray(), np.tile(groups.total, (len(left_out), 1)))


def test_sums_of_resamples_are_those_of_the_slow_definition() -> None:
    rng = np.random.default_rng(8)
    for table in (rng.integers(0, 9, size=(90, 5)), np.repeat([[1, 0, 1, 0, 0], [0, 2, 0, 0, 1]], [80, 50], axis=0)):
        groups = Groups.of(csr_array(table.astype(float)))
        for sizes in groups.resampled(50, rng):
            slow = np.array(
                [sum(count * row for count, row in zip(one, groups.rows.toarray(), strict=True)) for one in sizes]
            )
            np.testing.assert_array_equal(groups.sums(sizes), slow)


def test_interval_is_that_of_drawing_examples_one_by_one() -> None:
    """The plain bootstrap of percentiles, on answers whose bias and skew are small."""
    rng = np.random.default_rng(1)
    true, predicted = _answers(rng, 400, 0.8)
    statistics = count_answers(MACRO_F1, true, predicted, LABELS)
    table = statistics.toarray()
    slow = [float(MACRO_F1.score(table[rng.integers(400, size=400)].sum(axis=0))) for _ in range(3000)]
    found = interval(statistics, MACRO_F1.score, rng=rng, samples=3000)
    np.testing.assert_allclose(found, np.quantile(slow, [0.025, 0.975]), atol=0.008)
