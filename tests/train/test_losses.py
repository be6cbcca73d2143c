import numpy as np
import torch
from pytest import approx
from torch.nn import functional

from haoqi.train.objectives.losses import balanced, balanced_presence, label_gap, label_loss, labels_gap, labels_loss


def test_losses_of_parts_add_up_to_the_loss_of_the_whole() -> None:
    logits, targets = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1, 2])
    many = functional.one_hot(targets, 3).float()
    one = label_loss(0.1, torch.tensor([1.0, 2.0, 3.0]))
    for loss, answers in (
        (one, targets),
        (labels_loss(0.1), many),
        (label_loss(focus=2.0), targets),
        (labels_loss(focus=2.0), many),
    ):
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
    for loss, answers in (
        (label_loss(0.1, torch.tensor([1.0, 2.0, 3.0])), targets),
        (labels_loss(0.1), many),
        (label_loss(focus=2.0), targets),
        (labels_loss(focus=2.0), many),
    ):
        wanted = loss(logits[taken], answers[taken], None)
        assert loss(logits, answers, rows).item() == approx(wanted.item(), rel=1e-5)
        assert loss(logits, answers, torch.ones(3)).item() == approx(loss(logits, answers, None).item(), rel=1e-5)


def test_focal_loss_is_the_papers_for_one_label_and_for_many() -> None:
    logits, targets = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1])
    chance = logits.softmax(1)[torch.arange(5), targets]
    assert label_loss(focus=2.0)(logits, targets, None).item() == approx((-((1 - chance) ** 2) * chance.log()).sum())
    many = functional.one_hot(targets, 3).float()
    right = torch.where(many > 0, logits.sigmoid(), 1 - logits.sigmoid())
    assert labels_loss(focus=2.0)(logits, many, None).item() == approx((-((1 - right) ** 2) * right.log()).sum())
    assert label_loss(focus=1e-9)(logits, targets, None).item() == approx(label_loss()(logits, targets, None).item())


def test_focal_loss_has_a_slope_where_the_answer_is_certain() -> None:
    logits = torch.tensor([[200.0, 0.0], [0.0, 200.0]], requires_grad=True)
    (
        label_loss(focus=0.5)(logits, torch.tensor([0, 0]), None) + labels_loss(focus=0.5)(logits, logits * 0, None)
    ).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_gaps_are_both_divergences_and_none_between_equals() -> None:
    rng = torch.Generator().manual_seed(0)
    one, other = torch.randn(4, 3, generator=rng), torch.randn(4, 3, generator=rng)
    first, second = one.log_softmax(1), other.log_softmax(1)
    both = functional.kl_div(first, second, reduction="none", log_target=True)
    both = (both + functional.kl_div(second, first, reduction="none", log_target=True)).sum(1)
    rows = torch.tensor([2.0, 0.0, 1.0, 1.0])
    assert label_gap(one, other).item() == approx(both.sum().item(), rel=1e-5)
    assert label_gap(one, other, rows).item() == approx((rows * both).sum().item(), rel=1e-5)
    single = torch.stack([one[:, 0], torch.zeros(4)], 1), torch.stack([other[:, 0], torch.zeros(4)], 1)
    assert labels_gap(one[:, :1], other[:, :1], rows).item() == approx(label_gap(*single, rows).item(), rel=1e-5)
    assert label_gap(one, one).item() == labels_gap(one, one).item() == 0
