import numpy as np
import pytest
import torch

from haoqi.train.objectives.contrast import contrast_loss, shared_labels

VECTORS = torch.nn.functional.normalize(torch.randn(7, 4, generator=torch.Generator().manual_seed(0)), dim=1)
LABELS = torch.tensor([0, 1, 0, 2, 1, 0, 3])
COUNTING = torch.tensor([1.0, 1.0, 0.5, 1.0, 2.0, 1.0, 1.0])


def naive(vectors: np.ndarray, labels: list[int], counting: np.ndarray, temperature: float) -> float:
    """Return the loss as the paper writes it, row by row, a row counting as often as it is there."""
    total = 0.0
    for row in range(len(vectors)):
        others = [other for other in range(len(vectors)) if other != row]
        like = [other for other in others if labels[other] == labels[row]]
        if not like:
            continue
        below = sum(np.exp(vectors[row] @ vectors[other] / temperature) for other in others)
        found = [-np.log(np.exp(vectors[row] @ vectors[other] / temperature) / below) for other in like]
        total += counting[row] * np.average(found, weights=counting[like])
    return float(total)


@pytest.mark.parametrize("temperature", [0.05, 0.3, 1.0])
def test_it_is_that_of_a_loop_over_rows(temperature: float) -> None:
    found = contrast_loss(VECTORS, shared_labels(LABELS), COUNTING, temperature).item()
    known = naive(VECTORS.double().numpy(), LABELS.tolist(), COUNTING.double().numpy(), temperature)
    assert found == pytest.approx(known, rel=1e-4)


def test_rows_of_several_labels_are_alike_where_they_share_one_or_have_none() -> None:
    targets = torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1], [0, 0, 0]])
    alike = shared_labels(targets).numpy().astype(int)
    known = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 1, 0], [0, 0, 1, 0, 1], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]])
    assert (alike == known).all()


def test_without_company_nothing_is_lost() -> None:
    assert contrast_loss(VECTORS, torch.eye(7), torch.ones(7), 0.3).item() == 0
