"""Relevance is a grade to be expected; calibration never changes the order."""

import numpy as np
import pytest

from haoqi import tasks
from haoqi.data.examples import Examples
from haoqi.evaluate.metric import Labels
from haoqi.tasks.outputs.relevance import Relevance


def test_grades_of_0_and_1_become_probabilities_that_are_right_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=4000)
    labels = (rng.random(4000) < 1 / (1 + np.exp(-2 * logits + 1))).astype(float)
    examples = Examples.of(["q"] * 4000, labels.tolist())
    scores = (0.1 * logits + 7).astype(np.float32)[:, None]  # on another scale than probabilities
    fitted = Relevance().calibrate(scores, examples)
    found = np.array(Relevance().decode(scores, examples, **fitted).labels)
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    wanted = 1 / (1 + np.exp(-2 * logits + 1))
    assert np.abs(found - wanted).max() < 0.05
    assert (np.argsort(found) == np.argsort(scores[:, 0])).mean() > 0.999


def test_order_and_metrics_are_the_same_after_calibration() -> None:
    rng = np.random.default_rng(1)
    examples = Examples.of([f"q{row // 8}" for row in range(160)], rng.integers(0, 4, 160).astype(float).tolist())
    scores = rng.normal(size=(160, 1)).astype(np.float32)
    task = tasks.build("ranking", ())
    plain = task.output.decode(scores, examples)
    fitted = task.output.decode(scores, examples, **task.output.calibrate(scores, examples))
    for metric in task.metrics:
        assert metric(examples, fitted, Labels()) == pytest.approx(metric(examples, plain, Labels()))
    assert fitted.intervals is not None
    assert fitted.intervals.min() >= 0.0
    assert fitted.intervals.max() <= 3.0


def test_scores_that_run_against_the_grades_are_not_turned_round() -> None:
    examples = Examples.of(["q"] * 6, [0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    scores = np.arange(6, 0, -1, dtype=np.float32)[:, None]
    found = Relevance().decode(scores, examples, **Relevance().calibrate(scores, examples)).labels
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] < 0.2  # and said to tell next to nothing


def test_cells_are_grades_of_at_least_0() -> None:
    assert Relevance().read("2") == 2.0
    assert Relevance().read(True) == 1.0
    with pytest.raises(ValueError, match="below 0"):
        Relevance().read("-1")
    with pytest.raises(ValueError, match="no number"):
        Relevance().read("good")


def test_nothing_is_fitted_where_all_grades_are_the_same() -> None:
    examples = Examples.of(["q"] * 3, [1.0] * 3)
    assert Relevance().calibrate(np.zeros((3, 1), np.float32), examples) == {}
    assert Relevance().calibrate(np.zeros((3, 1), np.float32), Examples.of(["q"] * 3)) == {}
