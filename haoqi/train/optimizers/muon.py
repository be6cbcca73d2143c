"""Muon: a matrix moves by its momentum with all directions made as long (Liu et al., 2025, arXiv:2502.16982).

By Keller Jordan and others (2024). It learns the matrices inside the encoder's layers; all else is AdamW's. Steps are
scaled as in the paper, which makes them as large as AdamW's. Making directions as long takes some matrix products per
step, whatever the batch: several times the rest of a step where a processor has few short texts per step, next to
nothing on a GPU with large batches. Prefer it there, for long trainings.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from haoqi.train.optimizers import Group, optimizers
from haoqi.train.optimizers.adamw import AdamW

_MOMENTUM = 0.95
# Of the quintic polynomial that brings all singular values near 1, and how often it is applied.
_QUINTIC, _TIMES = (3.4445, -4.7750, 2.0315), 5
# Root mean square of a step of AdamW, as a share of its learning rate.
_ADAMW_STEP = 0.2


@optimizers.register
@dataclass(frozen=True)
class Muon:
    """With Nesterov's momentum of 0.95."""

    rate: ClassVar[float] = 1.0
    elementwise: ClassVar[bool] = False

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Return Muon over the layers' matrices and AdamW over the rest, as one optimizer."""
        inner = [_part(group, matrices=True) for group in groups]
        outer = [_part(group, matrices=False) for group in groups]
        parts: list[torch.optim.Optimizer] = []
        if inner := [group for group in inner if group.weights]:
            parts.append(_Muon([group.options for group in inner], {}))
        if outer := [group for group in outer if group.weights]:
            parts.append(AdamW().make(outer))
        return _Together(parts)


def _part(group: Group, *, matrices: bool) -> Group:
    weights: Mapping[str, nn.Parameter] = group.weights
    return replace(group, weights={n: weight for n, weight in weights.items() if _inner(n, weight) == matrices})


def _inner(name: str, weight: nn.Parameter) -> bool:
    """Return whether a weight is a matrix inside of a layer: neither a table of embeddings nor a head."""
    return weight.ndim == 2 and "layer" in name


class _Muon(torch.optim.Optimizer):
    """As torch.optim.Muon, which computes in bf16 everywhere: a processor without it takes thirty times as long."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.lerp_(weight.grad, 1 - _MOMENTUM)
                step = orthogonal(weight.grad.lerp(momentum, _MOMENTUM))
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(step, alpha=group["lr"] * _ADAMW_STEP * math.sqrt(max(weight.shape)))


def orthogonal(matrix: Tensor) -> Tensor:
    """Return a matrix with its singular vectors whose singular values lie between about 0.7 and 1.2.

    By the Newton-Schulz iteration, in bf16 on a GPU.
    """
    wide = matrix.shape[0] <= matrix.shape[1]
    found = matrix if wide else matrix.T
    found = found.to(torch.bfloat16) if matrix.device.type == "cuda" else found
    found = found / found.norm().clamp(min=1e-7)
    first, second, third = _QUINTIC
    for _ in range(_TIMES):
        gram = found @ found.T
        found = torch.addmm(found, torch.addmm(gram, gram, gram, beta=second, alpha=third), found, beta=first)
    return (found if wide else found.T).to(matrix.dtype)


class _Together(torch.optim.Optimizer):
    """Some optimizers of different weights as one: groups and memories are theirs."""

    def __init__(self, parts: Sequence[torch.optim.Optimizer]) -> None:
        super().__init__([group for part in parts for group in part.param_groups], {})
        self.parts = parts
        for part in parts:
            part.state = self.state

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Let each take its step."""
        for part in self.parts:
            part.step()
