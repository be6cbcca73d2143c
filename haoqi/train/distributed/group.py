"""What the ranks of a training have in common; with one device, where there is no group, nothing is asked of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from haoqi.models.encoders.placement import Placement


def rank_of(placement: Placement) -> int:
    """Return this process' number among those that train together, from 0."""
    return 0 if placement.devices == 1 else torch.distributed.get_rank()


def agree(placement: Placement, value: float) -> float:
    """Return the least value of all ranks, so that all decide alike; each of them has to call this."""
    if placement.devices == 1:
        return value
    least = torch.tensor(value, dtype=torch.float64)
    torch.distributed.all_reduce(least, torch.distributed.ReduceOp.MIN)
    return least.item()


def agreed(placement: Placement, number: Callable[[], float]) -> Callable[[], float]:
    """Return a function whose values are the same on all ranks: the least that the given function returns on any."""
    return number if placement.devices == 1 else lambda: agree(placement, number())


@contextmanager
def first_rank_first(placement: Placement) -> Iterator[None]:
    """Let rank 0 go through a block before the others, which then find on the disk what it has computed."""
    first = rank_of(placement) == 0
    if not first:
        agree(placement, 0.0)
    yield
    if first:
        agree(placement, 0.0)
