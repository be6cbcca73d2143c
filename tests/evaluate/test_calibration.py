"""Calibration numbers, worked out by hand and checked against scikit-learn."""

import numpy as np
import pytest

from haoqi.data.examples import Span
from haoqi.evaluate.calibration import brier, calibration, calibration_error, log_loss, reliability
from haoqi.evaluate.predictions import Predictions


def test_error_is_the_mean_gap_between_confidence_and_accuracy() -> None:
    # six answers at 0.9, three right: gap 0.4; four at 0.55, all right: gap 0.45
    confidence = np.array([0.9] * 6 + [0.55] * 4)
    correct = np.array([True, False] * 3 + [True] * 4)
    assert calibration_error(confidence, correct) == pytest.approx(0.6 * 0.4 + 0.4 * 0.45)


def test_honest_model_has_no_error() -> None:
    confidence = np.repeat([0.25, 0.75], 40)
    correct = np.concatenate([np.arange(40) < 10, np.arange(40) < 30])
    assert calibration_error(confidence, correct) == pytest.approx(0.0)


def test_bins_hold_every_answer_once_and_certainty_has_a_bin() -> None:
    confidence = np.array([0.0, 0.1, 0.99, 1.0, 1.0])
    found = reliability(confidence, np.array([False, False, True, True, False]))
    assert sum(one.count for one in found) == 5
    assert [(one.low, one.high, one.count) for one in found] == [(0.0, 0.1, 1), (0.1, 0.2, 1), (0.9, 1.0, 3)]
    assert found[-1].accuracy == pytest.approx(2 / 3)


def test_brier_and_log_loss_agree_with_scikit_learn() -> None:
    from sklearn import metrics as theirs

    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), size=50)
    right = rng.integers(4, size=50)
    truth = np.eye(4)[right]
    assert log_loss(probabilities, truth, one_label=True) == pytest.approx(theirs.log_loss(right, probabilities))
    by_label = [theirs.brier_score_loss(truth[:, index], probabilities[:, index]) for index in range(4)]
    assert brier(probabilities, truth) == pytest.approx(sum(by_label))
    each = [theirs.log_loss(truth[:, index], probabilities[:, index]) for index in range(4)]
    assert log_loss(probabilities, truth, one_label=False) == pytest.approx(sum(each))


def test_label_that_the_model_does_not_know_costs_much_but_not_everything() -> None:
    predictions = Predictions(["a", "b"], np.array([0.8, 0.7]), np.array([[0.8, 0.2], [0.3, 0.7]]))
    found = calibration(["a", "new"], predictions, ("a", "b"))
    assert found is not None and found.log_loss is not None
    assert np.isfinite(found.log_loss) and found.log_loss > 10


def test_spans_are_judged_one_by_one() -> None:
    right, wrong = Span(0, 3, "PER"), Span(5, 8, "LOC")
    predictions = Predictions([(right, wrong), ()], np.array([0.5, 1.0]), span_confidence=[(0.95, 0.65), ()])
    found = calibration([(right,), ()], predictions, ("LOC", "PER"))
    assert found is not None
    assert found.error == pytest.approx((0.05 + 0.65) / 2)
    assert (found.brier, found.log_loss) == (None, None)


def test_nothing_answered_says_nothing() -> None:
    assert calibration([()], Predictions([()], np.array([1.0]), span_confidence=[()]), ("PER",)) is None
    with pytest.raises(ValueError, match="answers"):
        calibration_error(np.zeros(0), np.zeros(0, dtype=bool))
    with pytest.raises(ValueError, match="answers"):
        calibration_error(np.zeros(2), np.zeros(3, dtype=bool))
