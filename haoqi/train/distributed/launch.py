"""Start a process for each device, pass on what rank 0 tells, and end them all when one fails or a person stops it."""

import multiprocessing
import signal
import sys
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import Any

from haoqi.core.errors import UserError
from haoqi.train.distributed.worker import Group, Tell, Work, run_rank

_LISTEN_SECONDS = 0.1  # between two polls for messages
_GRACE_SECONDS = 2.0  # for ranks that lost one of them to end by themselves


def check_devices(count: int) -> None:
    """Say no to more devices than there are, and to a script that would be run again by each process.

    Args:
        count: processes that train together.

    Raises:
        UserError: if they cannot be had.
    """
    if count == 1:
        return
    if sys.modules["__mp_main__"].__name__ != "__main__":  # the script of the parent, as multiprocessing calls it
        raise UserError(
            "each process of a training on several devices imports the script that started it, which starts it anew",
            'put what the script does under: if __name__ == "__main__":',
        )
    import torch

    if not torch.distributed.is_available():
        raise UserError("this build of torch trains on one device only", "--devices 1")
    found = torch.cuda.device_count() if torch.cuda.is_available() else count
    if found < count:
        raise UserError(f"--devices {count} needs as many GPUs, and this machine has {found}", f"--devices {found}")


def launch(work: Work, ranks: int, device: str, listen: Tell = lambda message: None) -> None:
    """Run some work in as many processes, which are members of one group, and return when all have done theirs.

    However this ends, none of them is left.

    Args:
        work: what each does; it is sent to them, so it is a function of a module, or a `partial` of one.
        ranks: how many.
        device: of torch, on which they compute.
        listen: called here with each message of rank 0.

    Raises:
        UserError: if a rank raised one, or ended otherwise than it should.
    """
    import torch
    from torch.multiprocessing.spawn import ProcessException, start_processes

    messages = multiprocessing.get_context("spawn").SimpleQueue()
    with TemporaryDirectory(prefix="haoqi-") as folder:
        group = Group(ranks, device, folder, max(1, torch.get_num_threads() // ranks))
        # Ctrl-C is for this process, which then ends the others: they inherit that they do not hear of it.
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            given = (group, work, messages)
            started: Any = start_processes(run_rank, given, ranks, join=False, daemon=True)  # type: ignore[no-untyped-call]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
        try:
            while not started.join(_LISTEN_SECONDS, _GRACE_SECONDS):
                _pass_on(messages, listen)
            _pass_on(messages, listen)
        except ProcessException as error:
            _pass_on(messages, listen)
            raise _lost(started.processes, error) from error
        finally:
            for process in started.processes:
                process.kill()
                process.join()
            messages.close()


def _pass_on(messages: Any, listen: Tell) -> None:
    """Pass on the messages that have come; one that is an error is raised."""
    while not messages.empty():
        message = messages.get()
        if isinstance(message, UserError):
            raise message
        listen(message)


def _lost(processes: Sequence[BaseProcess], error: Any) -> UserError:
    """Return the error that says how a rank ended.

    Args:
        processes: of all ranks.
        error: what torch says of the rank whose end it noticed first. One that was killed is the cause even so: the
            others fail after it, and torch ends those that do not with SIGTERM.
    """
    codes = [process.exitcode or 0 for process in processes]
    killed = [rank for rank, code in enumerate(codes) if code < 0 and -code not in (signal.SIGTERM, signal.SIGABRT)]
    rank = killed[0] if killed else error.error_index
    how = f"was ended by signal {-codes[rank]}" if killed else f"failed: {error.msg.strip().splitlines()[-1][:300]}"
    return UserError(
        f"training process {rank} {how}",
        "did memory run out? Fewer --devices need less; the same command takes up where it was",
    )
