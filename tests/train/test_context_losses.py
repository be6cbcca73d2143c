"""Losses of answers in contexts against a plain computation, window by window."""

import numpy as np
import torch

from haoqi.train.objectives.context_losses import context_gap, context_loss

SIZES = [4, 1, 6]


def given(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return logits, targets and weights of some windows."""
    rng = np.random.default_rng(seed)
    logits = torch.tensor(rng.normal(size=(sum(SIZES), 2)) * 2, dtype=torch.float32, requires_grad=True)
    targets = torch.zeros(sum(SIZES), 2, dtype=torch.long)
    for place, side in ((1, 0), (2, 0), (2, 1), (4, 0), (4, 1), (7, 0), (9, 1)):
        targets[place, side] = 1
    weights = torch.zeros(sum(SIZES))
    weights[[0, 4, 5]] = torch.tensor([1.0, 2.0, 0.5])
    return logits, targets, weights


def test_loss_is_half_the_negative_log_of_the_summed_right_probabilities() -> None:
    logits, targets, weights = given()
    wanted, start = 0.0, 0
    for size, weight in zip(SIZES, (1.0, 2.0, 0.5), strict=True):
        rows = slice(start, start + size)
        chances = torch.softmax(logits[rows].detach(), dim=0)
        wanted -= weight * float((chances * targets[rows]).sum(dim=0).log().sum()) / 2
        start += size
    found = context_loss()(logits, targets, weights)
    assert abs(float(found.detach()) - wanted) < 1e-5
    found.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[4].abs().max() < 1e-6  # a window with one row leaves nothing to learn


def test_gap_is_nothing_for_equal_answers_whatever_is_added_to_a_window_and_more_for_others() -> None:
    logits, _, weights = given()
    shifted = logits.detach().clone()
    shifted[:4] += 3.0
    assert float(context_gap(logits, shifted, weights).detach()) < 1e-5
    other, _, _ = given(1)
    gap = float(context_gap(logits, other, weights).detach())
    assert gap > 0.1
    assert abs(gap - float(context_gap(other, logits, weights).detach())) < 1e-5
