import numpy as np
import pytest
import torch

from haoqi.methods._constant_answer import constant_loss, learnt_nothing
from haoqi.train.objectives.losses import balanced, label_loss, labels_loss, number_loss

ONES = np.ones(8, np.float32)
LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1])


def test_it_is_the_entropy_of_how_often_labels_occur() -> None:
    expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert constant_loss(LABELS, ONES, label_loss(), outputs=2) == pytest.approx(expected, rel=1e-5)
    many = np.stack([LABELS, 1 - LABELS], axis=1).astype(np.float32)
    assert constant_loss(many, ONES, labels_loss(), outputs=2) == pytest.approx(2 * expected, rel=1e-5)


def test_a_label_that_does_not_occur_is_no_obstacle() -> None:
    assert np.isfinite(constant_loss(LABELS, ONES, label_loss(0.1, balanced(np.array([6, 2, 0]))), outputs=3))


def test_of_numbers_about_0_it_is_half_their_variance() -> None:
    numbers = np.array([-1.0, 1.0, -2.0, 2.0], np.float32)
    assert constant_loss(numbers, np.ones(4, np.float32), number_loss(), outputs=1) == pytest.approx(1.25)


def test_rows_count_by_their_weights() -> None:
    counting = np.array([1, 1, 1, 1, 1, 1, 3, 3], np.float32)  # six against six
    assert constant_loss(LABELS, counting, label_loss(), outputs=2) == pytest.approx(np.log(2), rel=1e-5)


@pytest.mark.parametrize(
    ("losses", "expected"), [([0.6] * 9, True), ([0.6] * 8 + [0.3] * 8, False), ([0.6] * 7, False)]
)
def test_losses_that_never_fell_below_it_are_found(losses: list[float], expected: bool) -> None:
    found = learnt_nothing(LABELS, ONES, label_loss(), list(enumerate(losses)), outputs=2)
    assert found is expected
    assert torch.is_grad_enabled()
