"""Dropout that draws one mask for all tokens of a text (Gal and Ghahramani, 2016, arXiv:1512.05287).

On a CPU the drawing of masks costs more than the matrix products of a layer; a mask per text costs as much as one
token's. It also keeps attention as it is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from haoqi.train.memory.recompute import stack_of


class Hiding(nn.Module):
    """Hides some units of each row of states in training, the same at all of its places, and scales the others up.

    Args:
        share: of the units.
    """

    p = 0.0
    """What fused attention reads from where it expects a dropout: none of it is hidden."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, states: Tensor) -> Tensor:
        """Return states of shape (rows, longest, width) with units hidden; anything else as it is."""
        if not self.training or states.ndim != 3:
            return states
        kept = torch.empty_like(states[:, :1]).bernoulli_(1 - self.share)
        return states * (kept / (1 - self.share))


def learning_layers(module: nn.Module) -> list[nn.Module]:
    """Return a module's layers in which anything learns."""
    return [layer for layer in stack_of(module) if any(weight.requires_grad for weight in layer.parameters())]


@contextmanager
def hidden(layers: Sequence[nn.Module], share: float) -> Iterator[None]:
    """Let layers hide a share of their states in training while the block lasts, wherever they have a dropout.

    Args:
        layers: which.
        share: of the units, in [0, 1); 0 changes nothing.
    """
    found = [
        (parent, name, child)
        for layer in layers
        for parent in layer.modules()
        for name, child in parent.named_children()
        if share and isinstance(child, nn.Dropout)
    ]
    for parent, name, _ in found:
        setattr(parent, name, Hiding(share))
    try:
        yield
    finally:
        for parent, name, child in found:
            setattr(parent, name, child)
