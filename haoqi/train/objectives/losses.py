"""Losses, summed over rows so that the parts of a step add up exactly."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

# (logits, targets, how much each row counts or None) to the sum of the rows' losses.
Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]

# No label counts more than this often, however rare: one odd example must not steer a step.
_HEAVIEST = 10.0


def label_loss(smoothing: float = 0.0, weights: Tensor | None = None, focus: float = 0.0) -> Loss:
    """Return the cross-entropy of logits (n, labels) against label numbers (n,), summed.

    Args:
        smoothing: share of the target spread over all labels (Szegedy et al., 2016, arXiv:1512.00567).
        weights: how much each label counts, shape (labels,); None: all alike.
        focus: a row counts (1 - p) to this power, p being its label's probability (gamma of the focal loss: Lin et
            al., 2017, arXiv:1708.02002); 0: all alike.
    """

    def loss(logits: Tensor, targets: Tensor, rows: Tensor | None = None) -> Tensor:
        logits, plain = logits.float(), rows is None and not focus
        found = functional.cross_entropy(
            logits, targets, weight=weights, reduction="sum" if plain else "none", label_smoothing=smoothing
        )
        if plain:
            return found
        if focus:
            chances = torch.log_softmax(logits, dim=1).gather(1, targets[:, None])[:, 0]
            found = found * _unsure(chances, focus)
        return (found if rows is None else found * rows).sum()

    return loss


def labels_loss(smoothing: float = 0.0, weights: Tensor | None = None, focus: float = 0.0) -> Loss:
    """Return the binary cross-entropy of logits against 0/1 targets, both (n, labels), summed.

    Args:
        smoothing: how far targets are drawn towards one half.
        weights: how much a present label counts, shape (labels,).
        focus: as for one label, each label of a row by itself.
    """

    def loss(logits: Tensor, targets: Tensor, rows: Tensor | None = None) -> Tensor:
        logits, plain = logits.float(), rows is None and not focus
        drawn = targets * (1 - smoothing) + smoothing / 2
        found = functional.binary_cross_entropy_with_logits(
            logits, drawn, pos_weight=weights, reduction="sum" if plain else "none"
        )
        if plain:
            return found
        if focus:
            found = found * _unsure(functional.logsigmoid(torch.where(targets > 0.5, logits, -logits)), focus)
        return (found if rows is None else found * rows[:, None]).sum()

    return loss


def number_loss() -> Loss:
    """Return half the squared error of numbers (n, 1) against targets (n,), summed."""

    def loss(numbers: Tensor, targets: Tensor, rows: Tensor | None = None) -> Tensor:
        found = (numbers.float()[:, 0] - targets) ** 2 / 2
        return (found if rows is None else found * rows).sum()

    return loss


def number_gap(one: Tensor, other: Tensor, rows: Tensor | None = None) -> Tensor:
    """Return what `label_gap` does for numbers: their squared distance, summed."""
    found = (one.float() - other.float()).pow(2).sum(dim=1)
    return (found if rows is None else found * rows).sum()


def label_gap(one: Tensor, other: Tensor, rows: Tensor | None = None) -> Tensor:
    """Return how far two answers to the same rows are apart: KL divergence both ways, summed.

    Args:
        one: logits, shape (n, labels), of which one label is right.
        other: the same of another pass.
        rows: how much each row counts; None: all alike.
    """
    first, second = torch.log_softmax(one.float(), dim=1), torch.log_softmax(other.float(), dim=1)
    found = ((first.exp() - second.exp()) * (first - second)).sum(dim=1)
    return (found if rows is None else found * rows).sum()


def labels_gap(one: Tensor, other: Tensor, rows: Tensor | None = None) -> Tensor:
    """Return what `label_gap` does where every label is right or wrong by itself, summed over labels."""
    first, second = one.float(), other.float()
    # Of two Bernoulli variables both divergences add up to this.
    found = ((first.sigmoid() - second.sigmoid()) * (first - second)).sum(dim=1)
    return (found if rows is None else found * rows).sum()


def balanced(counts: npt.NDArray[Any]) -> Tensor:
    """Return weights inverse to how often each label occurs, with mean 1 over the rows, at most 10.

    Args:
        counts: rows of each label, shape (labels,); rows that count for more or less than one counted so.
    """
    weights = counts.sum() / (len(counts) * np.maximum(counts, 1))
    return torch.from_numpy(np.minimum(weights, _HEAVIEST).astype(np.float32))


def balanced_presence(counts: npt.NDArray[Any], rows: float) -> Tensor:
    """Return how much the presence of each label counts so that it weighs as much as its absence, at most 10."""
    weights = (rows - counts) / np.maximum(counts, 1)
    return torch.from_numpy(np.clip(weights, 1 / _HEAVIEST, _HEAVIEST).astype(np.float32))


def _unsure(chances: Tensor, power: float) -> Tensor:
    """Return (1 - p) to a power for logarithms of p; p as good as 1 counts as nearly 1, lest the slope be infinite."""
    return (-torch.expm1(chances)).clamp(min=1e-6) ** power
