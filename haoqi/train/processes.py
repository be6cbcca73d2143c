"""Child processes of our own that take a share of a training: started, spoken to, and ended with their parent."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing.connection import Connection
from typing import IO, Any

from haoqi.core.errors import UserError, require

# A child that was told to end does so at once; one that does not is ended.
_PATIENCE_SECONDS = 5.0
_MOMENT_SECONDS = 2.0
_WORKER = ("-m", "haoqi.train.worker")


class Child:
    """A process that computes gradients; it ends when its parent does, however that ends.

    What it is told are pickles of this process' own memory, over a pair of sockets that nothing else can
    reach; what it answers is JSON.

    Args:
        rank: its number in the group; the parent is 0.
        threads: processor threads that it may use.
    """

    def __init__(self, rank: int, threads: int) -> None:
        ours, theirs = socket.socketpair()
        self.rank = rank
        self.connection = Connection(ours.detach())
        self.said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        path = os.pathsep.join(entry for entry in sys.path if entry)
        with theirs:
            # A new session: Ctrl-C is for the parent, which then says what to do.
            self.process = subprocess.Popen(
                [sys.executable, *_WORKER, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": str(threads)},
                stdin=subprocess.DEVNULL,
                stdout=self.said,
                stderr=self.said,
                start_new_session=True,
            )

    def tell(self, message: bytes) -> None:
        """Send a message.

        Raises:
            UserError: if the process is no longer there.
        """
        try:
            self.connection.send_bytes(message)
        except OSError:
            raise self.lost() from None

    def hear(self) -> dict[str, Any]:
        """Wait for an answer and return it.

        Raises:
            UserError: if the process ended first.
        """
        try:
            answer: dict[str, Any] = json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            raise self.lost() from None
        return answer

    def lost(self) -> UserError:
        """Return the error that says how this process ended."""
        try:
            code = self.process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            how = "no longer answers"
        else:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self.said.seek(0)
        lines = self.said.read().decode(errors="replace").strip().splitlines()
        return UserError(
            f"training process {self.rank} {how}{f': {lines[-1][:300]}' if lines else ''}",
            "did memory run out? Fewer --devices need less; the same command takes up where it was",
        )

    def check(self) -> None:
        """Look whether the process is still there.

        Raises:
            UserError: if it is not.
        """
        if self.process.poll() is not None:
            raise self.lost()

    def ended_soon(self) -> bool:
        """Return whether the process has ended, or does so within a moment."""
        try:
            self.process.wait(_MOMENT_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, *, now: bool = False) -> None:
        """End the process, gently by hanging up unless it has to be now."""
        self.connection.close()
        if now:
            self.process.kill()
        try:
            self.process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.said.close()


def hung_up(line: Connection) -> bool:
    """Return whether the process at the other end has gone; what it has sent before stays to be read."""
    with socket.socket(fileno=os.dup(line.fileno())) as own:
        try:
            return not own.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True


def check_devices(count: int) -> None:
    """Say no to more devices than there are.

    Args:
        count: processes that train together.

    Raises:
        UserError: if accelerate is missing, or the machine has GPUs, but fewer.
    """
    if count == 1:
        return
    require("accelerate", "devices")
    import torch

    found = torch.cuda.device_count() if torch.cuda.is_available() else count
    if found < count:
        raise UserError(f"--devices {count} needs as many GPUs, and this machine has {found}", f"--devices {found}")


_idle: ContextVar[dict[int, list[Child]] | None] = ContextVar("idle", default=None)
"""Children between two trainings, by how many threads each has; None where none are kept."""


@contextmanager
def kept_processes() -> Iterator[None]:
    """Keep the children of one training for the next as long as the block lasts, since each start takes seconds.

    A block inside another keeps them for that one.
    """
    if _idle.get() is not None:
        yield
        return
    idle: dict[int, list[Child]] = {}
    token = _idle.set(idle)
    try:
        yield
    finally:
        _idle.reset(token)
        for children in idle.values():
            for child in children:
                child.end()


@contextmanager
def children(count: int, threads: int) -> Iterator[list[Child]]:
    """Give so many children, numbered from 1; after an error they are ended, for nobody knows what they are amidst.

    Args:
        count: how many.
        threads: processor threads of each.
    """
    idle = _idle.get()
    found = idle.pop(threads, []) if idle is not None else []
    alive = [child for child in found if child.process.poll() is None][:count]
    for child in found:
        if child not in alive:
            child.end()
    try:
        alive += [Child(rank, threads) for rank in range(len(alive) + 1, count + 1)]
        for rank, child in enumerate(alive, 1):
            child.rank = rank
        yield alive
    except BaseException:
        for child in alive:
            child.end(now=True)
        raise
    if idle is None:
        for child in alive:
            child.end()
    else:
        idle[threads] = alive
