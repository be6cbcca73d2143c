"""A child process of a training: it computes what its parent sends, and ends when its parent does.

python -m haoqi.train.worker FILE_DESCRIPTOR
"""

import json
import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

import torch

from haoqi.models.encoders.placement import own_randomness
from haoqi.train import optimizer as adam
from haoqi.train.devices import Begin
from haoqi.train.group import Seat, joined, sum_gradients
from haoqi.train.processes import hung_up
from haoqi.train.recompute import recompute
from haoqi.train.step import Stepper
from haoqi.train.wire import loads


def main(descriptor: int) -> None:
    """Take part in one training after another until the parent hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(descriptor) as parent:
        try:
            while True:
                _, seat = loads(parent.recv_bytes())
                _train(parent, seat)
        except (EOFError, ConnectionResetError, BrokenPipeError):
            return


def _train(parent: Connection, seat: Seat) -> None:
    """Take one training's steps, as the parent says."""
    whole = parent.recv_bytes()
    with joined(seat, lambda: _look(parent)), own_randomness(seat.device):
        begin: Begin = loads(whole)
        del whole
        stepper = begin.stepper(seat.rank)
        while (message := loads(parent.recv_bytes(), seat.device))[0] != "end":
            try:
                _obey(parent, stepper, *message)
            except Exception:
                # At once: whoever waits for this process learns of it when its connections close.
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)


def _look(parent: Connection) -> None:
    """End at once if the parent is gone, for then nobody else comes to the meeting."""
    if hung_up(parent):
        os._exit(1)


def _obey(parent: Connection, stepper: Stepper, what: str, *given: Any) -> None:
    sharded = stepper.placement.sharding == "full"
    if what == "step":
        # Amidst a sharded step others wait, so nothing can be tried again: an error ends this process.
        loss = stepper.gradients(*given) if sharded else stepper.tried(*given)
        parent.send_bytes(json.dumps({"loss": loss}).encode())
    elif what == "update":
        order, touched = given
        if not sharded:
            sum_gradients(stepper.weights, touched)
        stepper.update(order)
    elif what == "forget":
        stepper.forget()
    elif what == "recompute":
        recompute(stepper.module)
    else:
        from haoqi.train.sharding import gather

        gather(stepper.weights if what == "gather" else adam.dump(stepper.optimizer, stepper.weights))


if __name__ == "__main__":
    torch.set_num_interop_threads(1)
    main(int(sys.argv[1]))
