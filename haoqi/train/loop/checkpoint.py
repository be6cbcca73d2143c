"""A training under way as one file: safetensors with the state as JSON in its header."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from haoqi.core.folder import write_atomic
from haoqi.core.say import restored, saved
from haoqi.train.memory.memory_plan import Parts
from haoqi.train.settings import TrainSettings

FILE = "training.safetensors"


@dataclass
class State:
    """How far a training has come."""

    step: int = 0
    """Steps taken."""
    best_score: float | None = None
    best_step: int = 0
    stale: int = 0
    """Evaluations since the best."""
    spent_seconds: float = 0.0
    scores: list[tuple[int, float]] = field(default_factory=list)
    """(step, validation score) of every evaluation."""
    losses: list[tuple[int, float]] = field(default_factory=list)
    """(step, mean loss of a row), thinned out."""
    parts: Parts = field(default_factory=Parts)
    """How small the parts of a step are."""
    facts: list[str] = field(default_factory=list)
    """What should be remembered of this training."""
    averaged: int = 0
    """Steps whose weights are in the mean."""


@dataclass
class Weights:
    """What a checkpoint holds beside the state."""

    now: dict[str, nn.Parameter]
    moments: dict[str, Tensor] = field(default_factory=dict)
    """Of the optimizer, by `what/weight`, while they are read or written."""
    best: dict[str, Tensor] = field(default_factory=dict)
    """A copy of the weights with the best score; empty before the first evaluation."""
    mean: dict[str, Tensor] = field(default_factory=dict)
    """Of the weights near the end; empty before that."""
    memory: Mapping[str, Tensor] = field(default_factory=dict)
    """What the loss remembers."""


def identity(settings: TrainSettings, seed: int, weights: Mapping[str, nn.Parameter], rows: int) -> str:
    """Return what must be equal for a checkpoint to be of the same training."""
    shapes = {name: list(weight.shape) for name, weight in weights.items()}
    return hashlib.sha256(json.dumps([asdict(settings), seed, shapes, rows]).encode()).hexdigest()


def write(folder: Path, whose: str, state: State, weights: Weights) -> None:
    """Write a checkpoint whole or not at all, over the one before; it is the same from any number of devices."""
    tensors = {f"now/{name}": value.detach() for name, value in weights.now.items()}
    tensors |= {f"best/{name}": value for name, value in weights.best.items()}
    tensors |= {f"mean/{name}": value for name, value in weights.mean.items()}
    tensors |= {f"optimizer/{name}": value for name, value in weights.moments.items()}
    tensors |= {f"memory/{name}": value for name, value in weights.memory.items()}
    header = {"whose": whose, "state": json.dumps(saved(asdict(state)))}
    write_atomic(folder / FILE, save({name: value.cpu().contiguous() for name, value in tensors.items()}, header))


def read(folder: Path, whose: str, weights: Weights) -> State | None:
    """Set the weights to a checkpoint and return its state.

    A missing or damaged file, or one of another training, changes nothing and gives None: the training
    then begins anew.
    """
    try:
        with safe_open(folder / FILE, framework="pt") as file:
            header = file.metadata() or {}
            if header.get("whose") != whose:
                return None
            plain = restored(json.loads(header["state"]))
            state = State(**{**plain, "parts": Parts(**plain["parts"])})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, ValueError, TypeError, KeyError):
        return None
    with torch.no_grad():
        for name, weight in weights.now.items():
            weight.copy_(tensors[f"now/{name}"])
        for name, value in weights.memory.items():
            value.copy_(tensors[f"memory/{name}"])
    weights.best = _under(tensors, "best/")
    weights.mean = {name: value.to(weights.now[name].device) for name, value in _under(tensors, "mean/").items()}
    weights.moments = _under(tensors, "optimizer/")
    state.scores = [(step, score) for step, score in state.scores]
    state.losses = [(step, loss) for step, loss in state.losses]
    return state


def remove(folder: Path) -> None:
    """Delete the checkpoint, if there is one."""
    (folder / FILE).unlink(missing_ok=True)


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
