"""Vectors that scale keys, values and the inside of feed-forward parts (IA3: Liu et al., 2022, arXiv:2205.05638)."""

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
    Place,
    attach_beside,
    detach_beside,
    install_beside,
    linear_layers,
)

_KEYS_AND_VALUES = ("key", "value", "k_proj", "v_proj", "k_lin", "v_lin")


@kinds.register
@dataclass(frozen=True)
class Scaling:
    """What is scaled."""

    merges: ClassVar[bool] = True

    targets: Annotated[Literal["usual", "all"], Choices("usual", "all")] = "usual"
    """Keys, values and what enters the last feed-forward layer, as in the paper; or what leaves every other linear
    layer, too."""
    first: Annotated[int, Range(0, 1024)] = 0
    """The lowest layer that learns, counted from 0."""

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze an encoder and put in vectors of ones."""
        places = [place for place in linear_layers(encoder, first=self.first) if self.targets == "all" or _usual(place)]
        if not any(place.part == "attention" for place in places):
            raise UserError(
                f"a base of the kind {type(encoder).__name__} has no layers of keys and values of their own",
                "say targets all, or choose another method",
            )
        attach_beside(
            encoder, places, lambda place: (ScaledInputs if _scales_inputs(place) else ScaledOutputs)(place.module)
        )

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Put plain linear layers back, and return the vectors."""
        return detach_beside(encoder)

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Scale the weights, or put the vectors beside them."""

        def wrap(name: str, frozen: nn.Linear) -> Beside:
            return (ScaledInputs if f"{name}.inputs" in weights else ScaledOutputs)(frozen)

        return install_beside(encoder, weights, wrap, merge=merge)


class ScaledOutputs(Beside):
    """A linear layer whose outputs are multiplied by a vector."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__(frozen)
        self.outputs = nn.Parameter(torch.empty(frozen.out_features))

    def reset(self) -> None:
        """Let the vector be ones."""
        nn.init.ones_(self.outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs for inputs of shape (..., in_features)."""
        return functional.linear(inputs, self.weight, self.bias) * self.outputs

    def merged(self) -> tuple[Tensor, Tensor | None]:
        """Return rows and bias, each multiplied."""
        return self.weight * self.outputs[:, None], None if self.bias is None else self.bias * self.outputs


class ScaledInputs(Beside):
    """A linear layer whose inputs are multiplied by a vector."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__(frozen)
        self.inputs = nn.Parameter(torch.empty(frozen.in_features))

    def reset(self) -> None:
        """Let the vector be ones."""
        nn.init.ones_(self.inputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return outputs for inputs of shape (..., in_features)."""
        return functional.linear(inputs * self.inputs, self.weight, self.bias)

    def merged(self) -> tuple[Tensor, Tensor | None]:
        """Return columns, each multiplied, and the bias."""
        return self.weight * self.inputs, self.bias


def _usual(place: Place) -> bool:
    return place.name.rpartition(".")[2] in _KEYS_AND_VALUES or _scales_inputs(place)


def _scales_inputs(place: Place) -> bool:
    return place.part == "mlp" and place.closes
