"""Batches of like length: little padding, every example once per epoch, in a new order each time."""

from typing import Any, Protocol

import numpy as np

from haoqi.models.encoders.tokens import Rows, parts

# Steps sorted together: large enough that a batch pads by a few percent, small enough that the order stays random.
_POOL = 64
# A length counts as up to so much longer, at random, so that the same rows do not always meet.
_JITTER = 0.15


class Batches(Protocol):
    """What an epoch consists of, and how rows become tensors."""

    def epoch(self, rng: np.random.Generator) -> list[list[Rows]]:
        """Return the steps of one epoch; the parts of a step are computed one after another."""
        ...

    def collate(self, rows: Rows) -> Any:
        """Return what the loss is given for these rows."""
        ...

    def weight(self, rows: Rows) -> float:
        """Return how much these rows count in the mean of a step's losses."""
        ...


def epoch_steps(lengths: Rows, batch_size: int, batch_tokens: int, rng: np.random.Generator) -> list[list[Rows]]:
    """Return every row once, in steps of rows of like length, the steps in random order.

    Args:
        lengths: tokens of each row, shape (n,).
        batch_size: rows per step; one step may hold fewer.
        batch_tokens: tokens per part of a step, padding counted; a longer row is a part of its own.
        rng: decides the order.
    """
    order = rng.permutation(len(lengths))
    jittered = lengths[order] * (1 + _JITTER * rng.random(len(order)))
    steps: list[Rows] = []
    for start in range(0, len(order), _POOL * batch_size):
        pool = slice(start, start + _POOL * batch_size)
        alike = order[pool][np.argsort(jittered[pool], kind="stable")]
        steps += [alike[first : first + batch_size] for first in range(0, len(alike), batch_size)]
    return [list(parts(steps[step], lengths, batch_tokens)) for step in rng.permutation(len(steps))]
