"""Layers whose inner states are computed twice instead of kept (Chen et al., 2016, arXiv:1604.06174)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def stack_of(module: nn.Module) -> list[nn.Module]:
    """Return a module's layers, its longest list of modules; none where it has no such list."""
    stacks = [found for found in module.modules() if isinstance(found, nn.ModuleList)]
    longest = max(stacks, key=len, default=nn.ModuleList())
    return list(longest)


def recompute(module: nn.Module) -> None:
    """Let each layer keep only what enters it; its backward pass computes the rest again, to the same bits.

    It costs a third more time, and memory for one layer instead of all.
    """
    for layer in stack_of(module):
        # Forward, not the call: hooks on a layer run once.
        layer.forward = _twice(layer.forward)


def keep(module: nn.Module) -> None:
    """Let the layers be as they were before `recompute`."""
    for layer in stack_of(module):
        vars(layer).pop("forward", None)


def _twice(forward: Callable[..., Any]) -> Callable[..., Any]:
    def forward_twice(*given: Any, **named: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*given, **named)
        return checkpoint(forward, *given, use_reentrant=False, **named)

    return forward_twice
