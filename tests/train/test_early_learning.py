"""A training that is held to its early answers does not learn wrong labels by heart."""

import numpy as np
import torch
from torch import nn

from haoqi.train.objectives.early_learning import MOMENTUM, EarlyLearning
from haoqi.train.objectives.losses import label_loss

ROWS, LABELS = 6, 3


def early(strength: float = 2.0, momentum: float = MOMENTUM) -> EarlyLearning:
    labels = torch.arange(ROWS) % LABELS
    beliefs = strength * torch.full((ROWS, LABELS), 1 / LABELS)
    return EarlyLearning.of(label_loss(), labels, beliefs, momentum)


def test_it_remembers_what_was_answered_and_forgets_slowly() -> None:
    loss, rows = early(), torch.tensor([4, 1])
    logits = torch.log(torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.2, 0.6]]))
    loss(logits, rows)
    assert torch.allclose(loss.remembered[4], 0.7 / 3 + 0.3 * torch.tensor([0.8, 0.1, 0.1]), atol=1e-6)
    assert torch.allclose(loss.remembered[[0, 2, 3, 5]], torch.tensor(1 / 3), atol=1e-6)
    loss(logits, rows)
    assert loss.remembered[4, 0] > 0.7 / 3 + 0.3 * 0.8
    still = early(momentum=1.0)
    still(logits, rows)
    assert torch.allclose(still.remembered, torch.tensor(1 / 3), atol=1e-6)


def test_the_loss_is_the_paper_s_and_rows_add_up() -> None:
    logits = torch.randn(ROWS, LABELS, generator=torch.Generator().manual_seed(0), requires_grad=True)
    rows, labels = torch.arange(ROWS), torch.arange(ROWS) % LABELS
    whole = early(3.0, 1.0)(logits, rows)
    answered = torch.softmax(logits, dim=1)
    expected = nn.functional.cross_entropy(logits, labels, reduction="sum")
    expected = expected + 3.0 * torch.log(1 - answered.sum(dim=1) / 3).sum()
    assert torch.allclose(whole, expected, atol=1e-5)
    parts = early(3.0, 1.0)
    assert torch.allclose(whole, parts(logits[:2], rows[:2]) + parts(logits[2:], rows[2:]), atol=1e-5)
    twice = early(3.0, 1.0)(logits, rows, torch.full((ROWS,), 2.0))
    assert torch.allclose(twice, 2 * whole, atol=1e-5)
    [slope] = torch.autograd.grad(whole, logits)
    assert slope.isfinite().all()


def test_a_network_large_enough_to_know_wrong_labels_by_heart_does_not() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(2, size=400)
    inputs = torch.from_numpy(rng.normal(size=(400, 40)) + 0.3 * (2 * true[:, None] - 1)).float()
    wrong = rng.permutation(400)[:100]
    given = true.copy()
    given[wrong] = 1 - given[wrong]
    labels = torch.from_numpy(given)

    def answers(held: bool) -> np.ndarray:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(40, 200), nn.ReLU(), nn.Linear(200, 2))
        optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
        beliefs = torch.full((400, 2), 7.0 / 2)
        loss = EarlyLearning.of(label_loss(), labels, beliefs) if held else label_loss()
        for _ in range(30):
            for part in torch.randperm(400).split(50):
                optimizer.zero_grad()
                (loss(network(inputs[part]), part if held else labels[part], None) / 50).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        return network(inputs).argmax(dim=1).numpy()

    assert (answers(False)[wrong] == given[wrong]).mean() > 0.9
    assert (answers(True)[wrong] == true[wrong]).mean() > 0.8
