"""A group of processes that compute one training together: joined through accelerate, left without a trace."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import torch
from torch import Tensor, nn

from haoqi.core.errors import UserError, require

# Longer than any part takes; a process that has died is noticed at once, by its connections.
_TIMEOUT = timedelta(minutes=30)
_LOOK_SECONDS = 0.1  # between two looks at those who are to join


@dataclass(frozen=True)
class Seat:
    """A process' place in a group."""

    rank: int
    ranks: int
    meeting: str
    """A file that all can write, by which they find one another."""
    device: str
    threads: int


@contextmanager
def joined(seat: Seat, look: Callable[[], Any] = lambda: None) -> Iterator[None]:
    """Be a member of the group while the block lasts.

    Args:
        seat: this process' place.
        look: called now and then while the others are waited for; what it raises ends the waiting.

    Raises:
        UserError: if accelerate is missing, or this process is already in a group.
    """
    state: Any = require("accelerate.state", "devices").PartialState
    if torch.distributed.is_initialized():
        raise UserError("this process is already part of a group that trains", "start Haoqi by itself, with --devices")
    before, threads, alone = dict(os.environ), torch.get_num_threads(), dict(state._shared_state)
    state._reset_state()  # a caller may use accelerate too, for itself
    # Members meet under a number, which a group that was waited for in vain has taken in this process alone.
    torch.distributed.distributed_c10d._world.group_count = 0
    os.environ.update(_environment(seat))
    if seat.device == "cuda":
        torch.cuda.set_device(seat.rank)
    else:
        torch.set_num_threads(seat.threads)
    try:
        _watched(lambda: _join(seat, state), look)
        yield
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        state._reset_state()
        state._shared_state.update(alone)
        os.environ.clear()
        os.environ.update(before)
        torch.set_num_threads(threads)


def _join(seat: Seat, state: Any) -> None:
    """Meet the others; this returns when all are there, however long that takes."""
    store = torch.distributed.FileStore(seat.meeting, seat.ranks)  # type: ignore[attr-defined]
    state(cpu=seat.device != "cuda", store=store, rank=seat.rank, world_size=seat.ranks, timeout=_TIMEOUT)


def _watched(join: Callable[[], Any], look: Callable[[], Any]) -> None:
    """Join, and look meanwhile: gloo waits for one that has died until its time is up, and cannot be interrupted.

    So it waits in a thread, which is left to itself where nothing is to be waited for any more.
    """
    failed, given_up = list[BaseException](), Event()

    def run() -> None:
        try:
            join()
        except BaseException as error:  # raised below, where it is waited for
            failed.append(error)
        else:
            if given_up.is_set():
                torch.distributed.destroy_process_group()

    thread = Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            look()
            thread.join(_LOOK_SECONDS)
    except BaseException:
        given_up.set()
        raise
    if failed:
        raise failed[0]


def sum_gradients(weights: Mapping[str, nn.Parameter], touched: Sequence[bool]) -> None:
    """Replace each gradient by the sum of those of all processes.

    Args:
        weights: what learns.
        touched: for each weight, whether it has a gradient; a process without rows has none.
    """
    chosen = [weight for weight, has in zip(weights.values(), touched, strict=True) if has]
    grads = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in chosen]
    flat = torch.cat([grad.flatten() for grad in grads])
    for weight in chosen:
        weight.grad = None
    del grads
    torch.distributed.all_reduce(flat)
    start = 0
    for weight in chosen:
        weight.grad = flat[start : start + weight.numel()].view_as(weight)
        start += weight.numel()


def sum_numbers(numbers: Tensor) -> Tensor:
    """Return the sums over all processes of each of some numbers."""
    torch.distributed.all_reduce(numbers)
    return numbers


def _environment(seat: Seat) -> dict[str, Any]:
    """Return what accelerate and gloo read from the environment."""
    ranks, threads = str(seat.ranks), str(seat.threads)
    found = {"RANK": str(seat.rank), "LOCAL_RANK": str(seat.rank), "WORLD_SIZE": ranks, "LOCAL_WORLD_SIZE": ranks}
    found["OMP_NUM_THREADS"] = threads
    if sys.platform == "linux" and "GLOO_SOCKET_IFNAME" not in os.environ:
        found["GLOO_SOCKET_IFNAME"] = "lo"  # the group is of this machine, and nobody else is to reach it
    return found
