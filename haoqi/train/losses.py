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


def label_loss(smoothing: float = 0.0, weights: Tensor | None = None) -> Loss:
    """Return the cross-entropy of logits (n, labels) against label numbers (n,), summed.

    Args:
        smoothing: share of the target spread over all labels (Szegedy et al., 2016, arXiv:1512.00567).
        weights: how much each label counts, shape (labels,); None: all alike.
    """

    def loss(logits: Tensor, targets: Tensor, rows: Tensor | None = None) -> Tensor:
        found = functional.cross_entropy(
            logits.float(),
            targets,
            weight=weights,
            reduction="sum" if rows is None else "none",
            label_smoothing=smoothing,
        )
        return found if rows is None else (found * rows).sum()

    return loss


def labels_loss(smoothing: float = 0.0, weights: Tensor | None = None) -> Loss:
    """Return the binary cross-entropy of logits against 0/1 targets, both (n, labels), summed.

    Args:
        smoothing: how far targets are drawn towards one half.
        weights: how much a present label counts, shape (labels,).
    """

    def loss(logits: Tensor, targets: Tensor, rows: Tensor | None = None) -> Tensor:
        drawn = targets * (1 - smoothing) + smoothing / 2
        found = functional.binary_cross_entropy_with_logits(
            logits.float(), drawn, pos_weight=weights, reduction="sum" if rows is None else "none"
        )
        return found if rows is None else (found * rows[:, None]).sum()

    return loss


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
