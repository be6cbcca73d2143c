import numpy as np
import torch
from pytest import approx
from torch.nn import functional

from haoqi.train.losses import balanced, balanced_presence, label_loss, labels_loss


def test_losses_of_parts_add_up_to_the_loss_of_the_whole() -> None:
    logits, targets = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1, 2])
    many = functional.one_hot(targets, 3).float()
    for loss, answers in ((label_loss(0.1, torch.tensor([1.0, 2.0, 3.0])), targets), (labels_loss(0.1), many)):
        parts = loss(logits[:2], answers[:2]) + loss(logits[2:], answers[2:])
        assert parts.item() == approx(loss(logits, answers).item(), rel=1e-5)


def test_smoothing_forbids_certainty() -> None:
    sure, target, present = torch.tensor([[50.0, 0.0]]), torch.tensor([0]), torch.tensor([[1.0, 0.0]])
    assert label_loss()(sure, target).item() == approx(0, abs=1e-6)
    assert label_loss(0.2)(sure, target).item() > 1
    assert labels_loss(0.2)(sure, present).item() > labels_loss()(sure, present).item()


def test_balanced_weights_average_one_over_rows_and_stay_bounded() -> None:
    counts = np.array([30, 60, 10])
    assert (balanced(counts).numpy() * counts).sum() / counts.sum() == approx(1)
    assert balanced(np.array([100_000, 1, 0])).max() <= 10


def test_presence_weighs_as_much_as_absence() -> None:
    assert balanced_presence(np.array([25, 50, 0]), 100).tolist() == [3.0, 1.0, 10.0]


def test_a_row_of_weight_two_costs_twice_and_one_of_none_nothing() -> None:
    logits, targets = torch.randn(3, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2])
    many, rows = functional.one_hot(targets, 3).float(), torch.tensor([2.0, 0.0, 1.0])
    taken = [0, 0, 2]
    for loss, answers in ((label_loss(0.1, torch.tensor([1.0, 2.0, 3.0])), targets), (labels_loss(0.1), many)):
        wanted = loss(logits[taken], answers[taken], None)
        assert loss(logits, answers, rows).item() == approx(wanted.item(), rel=1e-5)
        assert loss(logits, answers, torch.ones(3)).item() == approx(loss(logits, answers, None).item(), rel=1e-5)
