"""What each process of a training on several devices does: join the group, work, leave."""

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from haoqi.core.errors import UserError

Tell = Callable[[Any], None]
"""Sends a message, of plain values, to the process that started this one."""
Work = Callable[[int, Tell], None]
"""(rank, tell) to nothing: what is to be kept is written to disk."""

# Longer than any part of a training takes; the death of a rank is noticed at once, where its connections close.
_TIMEOUT = timedelta(minutes=30)


@dataclass(frozen=True)
class Group:
    """Processes that train together."""

    ranks: int
    device: str
    """Of torch: "cpu", or "cuda", where rank n has GPU n."""
    folder: str
    """An empty one, where they meet."""
    threads: int
    """Processor threads of each."""


def run_rank(rank: int, group: Group, work: Work, messages: Any) -> None:
    """Do a rank's part; this is the function that torch calls in each process that it starts.

    Args:
        rank: this process' number, from 0.
        group: whom it trains with.
        work: what to do as a member of the group.
        messages: a queue to the process that started this one. A UserError is sent by any rank, all else by rank 0.
    """
    Thread(target=_end_with_parent, daemon=True).start()
    _print_nothing()
    import torch

    torch.set_num_threads(group.threads)
    if group.device == "cuda":
        torch.cuda.set_device(rank)
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # nobody beyond this machine is to reach the group
    backend = "cpu:gloo,cuda:nccl" if group.device == "cuda" else "gloo"
    torch.distributed.init_process_group(
        backend, f"file://{group.folder}/group", timeout=_TIMEOUT, rank=rank, world_size=group.ranks
    )
    try:
        work(rank, messages.put if rank == 0 else _silent)
    except UserError as error:
        messages.put(error)
        raise
    gc.collect()  # what still refers to the group would outlive it, and abort the process at its end
    torch.distributed.destroy_process_group()


def _end_with_parent() -> None:
    """End this process at once when the one that started it is gone, even amidst a wait for other ranks."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _print_nothing() -> None:
    """Drop what torch and others print: the terminal belongs to the process that started this one."""
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)


def _silent(message: Any) -> None:
    pass
