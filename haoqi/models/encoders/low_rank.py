"""Small matrices beside frozen linear layers (LoRA: Hu et al., 2022, arXiv:2106.09685)."""

import math

import torch
from torch import Tensor, nn


class LowRank(nn.Module):
    """A frozen linear layer plus a product of two thin matrices, which at first adds nothing.

    Args:
        frozen: the layer as it was.
        rank: width of the thin matrices.
        scale: by what their product is multiplied.
    """

    def __init__(self, frozen: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.frozen, self.scale = frozen.requires_grad_(False), scale
        self.down = nn.Parameter(torch.empty(rank, frozen.in_features))
        self.up = nn.Parameter(torch.zeros(frozen.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs for inputs of shape (..., in_features)."""
        added = nn.functional.linear(nn.functional.linear(inputs, self.down), self.up)
        return self.frozen(inputs) + self.scale * added  # type: ignore[no-any-return]

    def merged(self) -> nn.Linear:
        """Return the frozen layer with the product added to its weights, which is as quick as it was."""
        with torch.no_grad():
            self.frozen.weight += self.scale * (self.up @ self.down)
        return self.frozen


def add_low_rank(encoder: nn.Module, rank: int, scale: float) -> list[str]:
    """Freeze an encoder, put thin matrices beside its linear layers, and return the names of these layers."""
    encoder.requires_grad_(False)
    found = [(name, module) for name, module in encoder.named_modules() if isinstance(module, nn.Linear)]
    for name, module in found:
        _replace(encoder, name, LowRank(module, rank, scale))
    return [name for name, _ in found]


def merge_low_rank(encoder: nn.Module) -> None:
    """Put plain linear layers back, with what was learnt in them."""
    for name, module in list(encoder.named_modules()):
        if isinstance(module, LowRank):
            _replace(encoder, name, module.merged())


def _replace(encoder: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, own = name.rpartition(".")
    setattr(encoder.get_submodule(parent), own, module)
