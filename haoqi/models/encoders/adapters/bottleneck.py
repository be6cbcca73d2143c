"""Narrow networks after the parts of each layer (adapters: Houlsby et al., 2019, arXiv:1902.00751).

They stand where what a part computed is about to be added to what entered it: after attention and after the
feed-forward part, or after the latter alone (Pfeiffer et al., 2021, arXiv:2005.00247).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from haoqi.core.config import Choices, Range
from haoqi.core.errors import UserError
from haoqi.models.encoders.adapters.adapter import Weights, kinds
from haoqi.models.encoders.adapters.linear_layers import (
    Beside,
    attach_beside,
    detach_beside,
    install_beside,
    linear_layers,
)

# Of the first matrix: small, so that what is added grows slowly whatever the step size.
_DEVIATION = 0.02


@kinds.register
@dataclass(frozen=True)
class Bottleneck:
    """How narrow they are, and where."""

    merges: ClassVar[bool] = False

    width: Annotated[int, Range(1, 4096)] = 48
    """Units inside."""
    placement: Annotated[Literal["houlsby", "pfeiffer"], Choices("houlsby", "pfeiffer")] = "houlsby"
    """After both parts of a layer, or after the feed-forward part alone."""
    first: Annotated[int, Range(0, 1024)] = 0
    """The lowest layer that learns, counted from 0."""

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze an encoder and put narrow networks in, which at first change nothing."""
        parts = ("attention", "mlp") if self.placement == "houlsby" else ("mlp",)
        places = [place for place in linear_layers(encoder, first=self.first) if place.closes and place.part in parts]
        if {place.part for place in places} != set(parts):
            raise UserError(
                f"the parts of the layers of a base of the kind {type(encoder).__name__} cannot be told apart",
                "choose another method, such as lora",
            )
        attach_beside(encoder, places, lambda place: BottleneckLinear(place.module, self.width))

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Take the narrow networks out, and return their weights."""
        return detach_beside(encoder)

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Put the narrow networks in; being bent inside, they cannot be merged."""
        return install_beside(encoder, weights, lambda name, frozen: BottleneckLinear(frozen, self.width), merge=False)


class BottleneckLinear(Beside):
    """A linear layer and a narrow network after it, whose output is added to its input.

    Args:
        frozen: the layer as it was.
        width: units inside.
    """

    def __init__(self, frozen: nn.Linear, width: int) -> None:
        super().__init__(frozen)
        self.down = nn.Parameter(torch.empty(width, frozen.out_features))
        self.down_bias = nn.Parameter(torch.empty(width))
        self.up = nn.Parameter(torch.empty(frozen.out_features, width))
        self.up_bias = nn.Parameter(torch.empty(frozen.out_features))

    def reset(self) -> None:
        """Draw the first matrix, and let all else be 0."""
        nn.init.normal_(self.down, std=_DEVIATION)
        for weight in (self.down_bias, self.up, self.up_bias):
            nn.init.zeros_(weight)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs for inputs of shape (..., in_features)."""
        states = functional.linear(inputs, self.weight, self.bias)
        inside = functional.gelu(functional.linear(states, self.down, self.down_bias))
        return states + functional.linear(inside, self.up, self.up_bias)

    def merged(self) -> tuple[Tensor, Tensor | None]:
        """Say no."""
        raise AssertionError("a network that is bent inside is no linear layer")
