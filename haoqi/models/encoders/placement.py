"""Where and in which number format a training or a prediction computes."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any, Literal

import torch

from haoqi.core import hardware


@dataclass(frozen=True)
class Placement:
    """A device and a precision; weights stay fp32, products are computed in `precision`."""

    device: str = "cpu"
    precision: Literal["fp32", "bf16"] = "fp32"
    devices: int = 1
    """Processes that train together, each on a GPU of its own or on its share of the cores."""
    sharding: Literal["none", "full"] = "none"
    """Whether each of them holds a shard of the weights, gradients and moments, or the whole of them."""

    def arithmetic(self) -> Any:
        """Return the context in which the model and the loss are computed."""
        if self.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device, dtype=torch.bfloat16)


@cache
def probed() -> Placement:
    """Return what this machine computes fastest in: timed once, never assumed."""
    found = hardware.probe(hardware.kept_in(), again=False)
    return Placement(found.device, "bf16" if found.precision == "bf16" else "fp32")


# The threads of a process share torch's generators: one draws at a time, or a seed would decide nothing.
_drawing = RLock()


@contextmanager
def own_randomness(device: str) -> Iterator[None]:
    """Leave torch's global generators as they were found, and to this thread alone while the block lasts."""
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with _drawing, torch.random.fork_rng(devices=devices):
        yield
