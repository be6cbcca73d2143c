"""Two thin matrices beside linear layers (LoRA: Hu et al., 2022, arXiv:2106.09685).

Their product may be multiplied by one over the root of their rank, so that a higher rank learns as fast (rsLoRA:
Kalajdzievski, 2023, arXiv:2312.03732), and the length of each row of the sum may learn by itself (DoRA: Liu et al.,
2024, arXiv:2402.09353).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from haoqi.core.config import Choices, Range
from haoqi.models.encoders.adapters.adapter import Weights, kinds
from haoqi.models.encoders.adapters.linear_layers import (
    Beside,
    Targets,
    attach_beside,
    detach_beside,
    install_beside,
    linear_layers,
)


@kinds.register
@dataclass(frozen=True)
class LowRank:
    """How large the matrices are, and where."""

    merges: ClassVar[bool] = True

    rank: Annotated[int, Range(1, 1024)] = 16
    """Width of the matrices."""
    alpha: Annotated[float, Range(0.01, 10_000.0)] = 32.0
    """By this, divided by the rank, their product is multiplied."""
    stabilised: bool = False
    """Whether it is divided by the root of the rank instead."""
    targets: Annotated[Targets, Choices("all", "attention", "mlp")] = "all"
    """Beside which linear layers they are."""
    decomposed: bool = False
    """Whether the length of each row of the weights learns by itself."""
    first: Annotated[int, Range(0, 1024)] = 0
    """The lowest layer that learns, counted from 0."""

    @property
    def scale(self) -> float:
        """By what the product is multiplied."""
        return self.alpha / (math.sqrt(self.rank) if self.stabilised else self.rank)

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze an encoder and put matrices beside its linear layers, whose product is 0 at first."""
        places = linear_layers(encoder, self.targets, self.first)
        attach_beside(encoder, places, lambda place: self._wrap(place.module))

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Put plain linear layers back, and return the matrices."""
        return detach_beside(encoder)

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Add the matrices' product to the weights, or put the matrices beside them."""
        return install_beside(encoder, weights, lambda name, frozen: self._wrap(frozen), merge=merge)

    def _wrap(self, frozen: nn.Linear) -> "LowRankLinear":
        kind = DecomposedLinear if self.decomposed else LowRankLinear
        return kind(frozen, self.rank, self.scale)


class LowRankLinear(Beside):
    """A linear layer plus the product of two thin matrices.

    Args:
        frozen: the layer as it was.
        rank: width of the matrices.
        scale: by what their product is multiplied.
    """

    def __init__(self, frozen: nn.Linear, rank: int, scale: float) -> None:
        super().__init__(frozen)
        self.scale = scale
        self.down = nn.Parameter(torch.empty(rank, frozen.in_features))
        self.up = nn.Parameter(torch.empty(frozen.out_features, rank))

    def reset(self) -> None:
        """Draw the first matrix, and let the second be 0."""
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        nn.init.zeros_(self.up)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs for inputs of shape (..., in_features)."""
        added = functional.linear(functional.linear(inputs, self.down), self.up)
        return functional.linear(inputs, self.weight, self.bias) + self.scale * added

    def merged(self) -> tuple[Tensor, Tensor | None]:
        """Return the weight with the product added, and the bias."""
        return self.weight + self.scale * (self.up @ self.down), self.bias


class DecomposedLinear(LowRankLinear):
    """The same, where each row of the sum is brought to a length that learns.

    The length that it has is taken as given where gradients are computed, as the paper has it: this saves a fourth.
    """

    def __init__(self, frozen: nn.Linear, rank: int, scale: float) -> None:
        super().__init__(frozen, rank, scale)
        self.length = nn.Parameter(torch.empty(frozen.out_features))
        self._squares: Tensor | None = None

    def reset(self) -> None:
        """Draw the matrices, and let each row have the length that it has."""
        super().reset()
        with torch.no_grad():
            self.length.copy_(self.weight.norm(dim=1))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs for inputs of shape (..., in_features)."""
        added = functional.linear(functional.linear(inputs, self.down), self.up)
        found = (functional.linear(inputs, self.weight) + self.scale * added) * (self.length / self._lengths())
        return found if self.bias is None else found + self.bias

    def merged(self) -> tuple[Tensor, Tensor | None]:
        """Return the sum with its rows at their lengths, and the bias."""
        total = super().merged()[0]
        return total * (self.length / total.norm(dim=1))[:, None], self.bias

    def _lengths(self) -> Tensor:
        """Return the length of each row of the sum, without making the sum."""
        with torch.no_grad(), torch.autocast(self.weight.device.type, enabled=False):
            crossed = ((self.weight @ self.down.T) * self.up).sum(dim=1)
            product = ((self.up @ (self.down @ self.down.T)) * self.up).sum(dim=1)
            if self._squares is None:  # of what is frozen, so once is enough
                self._squares = self.weight.square().sum(dim=1)
            squares = self._squares + 2 * self.scale * crossed + self.scale**2 * product
            return squares.clamp(min=1e-12).sqrt()
