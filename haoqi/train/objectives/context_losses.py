"""Losses of answers in contexts: all words of a window compete for being where the answer begins, and where it ends.

Rows of logits follow one another, window after window; a window begins where its weight stands, and all of its other
rows have none. Of several right answers the probabilities are summed (Clark and Gardner, 2018, arXiv:1710.10723).
"""

import torch
from torch import Tensor

from haoqi.train.objectives.losses import Loss


def context_loss() -> Loss:
    """Return half the negative log probability of right beginnings and of right ends, summed over windows.

    Logits (rows, 2), targets (rows, 2) of 0 and 1, at least one beginning and one end in each window; weights (rows,).
    """

    def loss(logits: Tensor, targets: Tensor, rows: Tensor | None = None) -> Tensor:
        assert rows is not None
        given, segments, count = logits.float(), _segments(rows), _count(rows)
        right = _log_sums(given.masked_fill(targets == 0, -torch.inf), segments, count)
        found = (_log_sums(given, segments, count) - right).sum(dim=1) / 2
        return (found * rows[rows > 0]).sum()

    return loss


def context_gap(one: Tensor, other: Tensor, rows: Tensor | None = None) -> Tensor:
    """Return how far two answers to the same windows are apart: KL divergence both ways, summed; halved as the loss is.

    Args:
        one: logits, shape (rows, 2).
        other: the same of another pass.
        rows: how much each window counts, at its first row.
    """
    assert rows is not None
    segments, count = _segments(rows), _count(rows)
    first, second = (given.float() - _log_sums(given.float(), segments, count)[segments] for given in (one, other))
    gaps = ((first.exp() - second.exp()) * (first - second)).sum(dim=1) / 2
    return (gaps * rows[rows > 0][segments]).sum()


def _segments(rows: Tensor) -> Tensor:
    """Return the number of each row's window, from 0."""
    return (rows > 0).long().cumsum(0) - 1


def _count(rows: Tensor) -> int:
    return int((rows > 0).sum())


def _log_sums(values: Tensor, segments: Tensor, count: int) -> Tensor:
    """Return the logarithm of the summed exponentials of each window's rows, shape (windows, columns)."""
    places = segments[:, None].expand_as(values)
    empty = values.new_full((count, values.shape[1]), -torch.inf)
    top = empty.scatter_reduce(0, places, values.detach(), "amax")
    sums = torch.zeros_like(empty).scatter_add(0, places, (values - top[segments]).exp())
    return sums.log() + top
