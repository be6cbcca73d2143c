"""Supervised contrast: what shares a label is drawn together (Khosla et al., 2020, arXiv:2004.11362)."""

import torch
from torch import Tensor


def shared_labels(targets: Tensor) -> Tensor:
    """Return 1 where two rows share a label, or both have none, else 0, shape (n, n).

    Args:
        targets: label numbers, shape (n,), or 0/1, shape (n, labels).
    """
    if targets.ndim == 1:
        return (targets[:, None] == targets[None, :]).float()
    none = targets.sum(dim=1) == 0
    return ((targets @ targets.T > 0) | (none[:, None] & none[None, :])).float()


def contrast_loss(vectors: Tensor, alike: Tensor, counting: Tensor, temperature: float) -> Tensor:
    """Return how unlikely each row finds its like among all others, summed over the rows that have company.

    Args:
        vectors: of length 1, shape (n, width).
        alike: 1 where two rows belong together, shape (n, n).
        counting: how much each row counts, shape (n,); one of little weight is little company, too.
        temperature: how sharply: low weighs the nearest rows most.
    """
    others = 1 - torch.eye(len(vectors), device=vectors.device)
    near = (vectors @ vectors.T / temperature).masked_fill(others == 0, -1e9)
    pull = alike * others * counting
    surprise = -torch.log_softmax(near, dim=1) * pull
    return (counting * surprise.sum(dim=1) / pull.sum(dim=1).clamp(min=1e-6)).sum()
