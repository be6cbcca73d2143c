"""Triplets of two thin matrices and what each counts, of which those that matter stay (AdaLoRA: Zhang et al., 2023,
arXiv:2303.10512).

A matrix of rank one is a row of the first matrix, a column of the second, and how much it counts: a singular value, so
to speak. `rank_budget` says which ones stay; each linear layer may end with another rank.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

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

_DEVIATION = 0.02


@kinds.register
@dataclass(frozen=True)
class AdaptiveRank:
    """How many triplets there are at first, and where."""

    merges: ClassVar[bool] = True

    rank: Annotated[int, Range(1, 1024)] = 12
    """Triplets of each linear layer at first."""
    alpha: Annotated[float, Range(0.01, 10_000.0)] = 32.0
    """By this, divided by the rank at first, what they give is multiplied."""
    targets: Annotated[Targets, Choices("all", "attention", "mlp")] = "all"
    """Beside which linear layers they are."""
    first: Annotated[int, Range(0, 1024)] = 0
    """The lowest layer that learns, counted from 0."""

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze an encoder and put triplets beside its linear layers, none of which counts at first."""
        places = linear_layers(encoder, self.targets, self.first)
        attach_beside(encoder, places, lambda place: self._wrap(place.module, self.rank))

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Put plain linear layers back, and return the triplets that count."""
        for module in triplets_of(encoder):
            module.drop()
        return {name: value for name, value in detach_beside(encoder).items() if value.numel()}

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Add what the triplets give to the weights, or put them beside."""
        return install_beside(
            encoder, weights, lambda name, frozen: self._wrap(frozen, len(weights[f"{name}.values"])), merge=merge
        )

    def _wrap(self, frozen: nn.Linear, rank: int) -> "TripletLinear":
        return TripletLinear(frozen, rank, self.alpha / self.rank)


class TripletLinear(Beside):
    """A linear layer plus some triplets.

    Args:
        frozen: the layer as it was.
        rank: how many triplets.
        scale: by what their sum is multiplied.
    """

    def __init__(self, frozen: nn.Linear, rank: int, scale: float) -> None:
        super().__init__(frozen)
        self.scale = scale
        self.right = nn.Parameter(torch.empty(rank, frozen.in_features))
        self.values = nn.Parameter(torch.empty(rank))
        self.left = nn.Parameter(torch.empty(frozen.out_features, rank))

    def reset(self) -> None:
        """Draw the matrices, and let no triplet count."""
        nn.init.normal_(self.right, std=_DEVIATION)
        nn.init.normal_(self.left, std=_DEVIATION)
        nn.init.zeros_(self.values)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs for inputs of shape (..., in_features)."""
        added = functional.linear(functional.linear(inputs, self.right) * self.values, self.left)
        return functional.linear(inputs, self.weight, self.bias) + self.scale * added

    def merged(self) -> tuple[Tensor, Tensor | None]:
        """Return the weight with the triplets' sum added, and the bias."""
        return self.weight + self.scale * ((self.left * self.values) @ self.right), self.bias

    def drop(self) -> None:
        """Leave out the triplets that do not count."""
        kept = self.values.detach().nonzero()[:, 0]
        for name, value in (
            ("right", self.right[kept]),
            ("values", self.values[kept]),
            ("left", self.left[:, kept]),
        ):
            setattr(self, name, nn.Parameter(value.detach().clone(), requires_grad=False))


def triplets_of(encoder: nn.Module) -> list[TripletLinear]:
    """Return all linear layers with triplets, lowest first."""
    found: Iterator[Any] = encoder.modules()
    return [module for module in found if isinstance(module, TripletLinear)]
