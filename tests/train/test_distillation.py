import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax, softmax

from haoqi.train.objectives.distillation import Distillation
from haoqi.train.objectives.losses import label_loss, labels_loss, number_loss

GIVEN = torch.tensor([[0.2, -1.0, 0.7], [1.5, 0.1, -0.3]])
TAUGHT = torch.tensor([[9.0, 9.0, 9.0], [2.0, 0.0, -1.0], [0.5, 1.5, 0.0]])
ROWS = torch.tensor([2, 1])
WEIGHTS = torch.tensor([0.5, 2.0])
OWN, SOFT = GIVEN.double().numpy(), TAUGHT[ROWS].double().numpy()


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_of_one_class_it_is_the_cross_entropy_to_softened_chances(temperature: float) -> None:
    labels = torch.tensor([0, 2, 1])
    loss = Distillation(label_loss(), labels, TAUGHT, "one", 0.7, temperature)
    taught = -(softmax(SOFT / temperature, axis=1) * log_softmax(OWN / temperature, axis=1)).sum(axis=1)
    told = -log_softmax(OWN, axis=1)[[0, 1], [1, 2]]
    known = 0.3 * told + 0.7 * temperature**2 * taught
    assert loss(GIVEN, ROWS).item() == pytest.approx(known.sum(), rel=1e-5)
    assert loss(GIVEN, ROWS, WEIGHTS).item() == pytest.approx((known * [0.5, 2.0]).sum(), rel=1e-5)


def test_of_several_classes_each_counts_by_itself() -> None:
    labels = torch.tensor([[1.0, 0, 0], [0, 1, 1], [1, 0, 1]])
    loss = Distillation(labels_loss(), labels, TAUGHT, "several", 0.4, 2.0)
    chances, own = expit(SOFT / 2), expit(OWN / 2)
    taught = -(chances * np.log(own) + (1 - chances) * np.log(1 - own)).sum(axis=1)
    given, known = expit(OWN), labels[ROWS].numpy()
    told = -(known * np.log(given) + (1 - known) * np.log(1 - given)).sum(axis=1)
    assert loss(GIVEN, ROWS).item() == pytest.approx((0.6 * told + 0.4 * 4 * taught).sum(), rel=1e-5)


def test_of_numbers_it_is_half_the_squared_difference() -> None:
    loss = Distillation(number_loss(), torch.tensor([3.0, 5.0]), torch.tensor([[2.5], [6.0]]), "number", 0.5)
    assert loss(torch.tensor([[4.0]]), torch.tensor([1])).item() == pytest.approx(0.5 * 1 / 2 + 0.5 * 4 / 2)


def test_a_loss_that_knows_its_rows_is_given_their_numbers() -> None:
    asked = []

    def numbered(given: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
        asked.append(rows.tolist())
        return given.sum() * 0

    Distillation(numbered, None, TAUGHT, "one", 0.5)(GIVEN, ROWS)
    assert asked == [[2, 1]]


def test_alone_it_leads_to_the_teachers_answers() -> None:
    given = torch.zeros(2, 3, requires_grad=True)
    loss = Distillation(label_loss(), torch.tensor([0, 0, 0]), TAUGHT, "one", 1.0, 2.0)
    solver = torch.optim.LBFGS([given], max_iter=200, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        solver.zero_grad()
        found = loss(given, ROWS)
        found.backward()
        return found

    solver.step(step)
    assert np.allclose(given.detach().softmax(1), TAUGHT[ROWS].softmax(1), atol=1e-3)
