"""The encoder's own biases (BitFit: Ben Zaken et al., 2022, arXiv:2106.10199)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor, nn

from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.models.encoders.adapters.adapter import Weights, kinds
from haoqi.models.encoders.encoder import layers_of


@kinds.register
@dataclass(frozen=True)
class Biases:
    """All of them: of linear layers, and of norms."""

    merges: ClassVar[bool] = True

    first: Annotated[int, Range(0, 1024)] = 0
    """The lowest layer that learns, counted from 0."""

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze all but the biases."""
        encoder.requires_grad_(False)
        parts = [encoder] if not self.first else list(layers_of(encoder))[self.first :]
        biases = [one for part in parts for name, one in part.named_parameters() if name.endswith("bias")]
        if not biases:
            raise UserError(
                f"a base of the kind {type(encoder).__name__} has no biases", "choose another method, such as lora"
            )
        for bias in biases:
            bias.requires_grad_(True)

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Freeze the biases as well, and return them."""
        found = {name: weight.detach() for name, weight in encoder.named_parameters() if weight.requires_grad}
        encoder.requires_grad_(False)
        return found

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Put these biases in the place of the encoder's; there is nothing beside them, merged or not."""
        for name, value in weights.items():
            place, _, own = name.rpartition(".")
            try:
                module = encoder.get_submodule(place)
            except AttributeError:
                raise KeyError(name) from None
            setattr(module, own, nn.Parameter(value.float(), requires_grad=False))
        return True
