"""The linear layers of an encoder, and what stands in the place of one while something learns beside it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from haoqi.models.encoders.adapters.adapter import Weights
from haoqi.models.encoders.encoder import layers_of

Targets = Literal["all", "attention", "mlp"]
_ATTENTION = ("attention", "attn", "self_attn", "self_attention")


@dataclass(frozen=True)
class Place:
    """Where a linear layer is."""

    name: str
    """In the encoder."""
    module: nn.Linear
    part: Literal["attention", "mlp"]
    closes: bool
    """Whether it is the last of its part in its layer, so that its output is added to what entered the part."""


class Beside(nn.Module):
    """Stands for a linear layer, whose weights keep their names, while something learns beside them.

    Args:
        frozen: the layer as it was.
    """

    bias: nn.Parameter | None

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__()
        self.weight = frozen.weight
        self.register_parameter("bias", frozen.bias)
        self.in_features, self.out_features = frozen.in_features, frozen.out_features

    def reset(self) -> None:
        """Draw what learns, so that at first it changes nothing."""
        raise NotImplementedError

    def merged(self) -> tuple[Tensor, Tensor | None]:
        """Return the weight and the bias that give the same without anything beside."""
        raise NotImplementedError

    def own(self) -> dict[str, nn.Parameter]:
        """Return what learns, by name."""
        return {name: value for name, value in self.named_parameters() if name not in ("weight", "bias")}


def linear_layers(encoder: nn.Module, targets: Targets = "all", first: int = 0) -> list[Place]:
    """Return the linear layers of an encoder's layers, lowest first.

    Args:
        encoder: a Transformers model.
        targets: all of them, or those of attention or of the rest alone.
        first: the lowest layer whose are wanted, counted from 0.

    Raises:
        UserError: if the encoder has no stack of layers.
    """
    layers = layers_of(encoder)
    prefix = next(name for name, module in encoder.named_modules() if module is layers)
    found: list[Place] = []
    for number, layer in list(enumerate(layers))[first:]:
        own = [(name, module) for name, module in layer.named_modules() if isinstance(module, nn.Linear)]
        parts = {name: "attention" if set(_ATTENTION) & set(name.split(".")) else "mlp" for name, _ in own}
        last = {part: name for name, part in parts.items()}
        for name, module in own:
            part: Any = parts[name]
            if targets in ("all", part):
                found.append(Place(f"{prefix}.{number}.{name}", module, part, last[part] == name))
    return found


def attach_beside(encoder: nn.Module, places: Iterable[Place], wrap: Callable[[Place], Beside]) -> None:
    """Freeze an encoder, and let something learn beside some of its linear layers."""
    encoder.requires_grad_(False)
    for place in places:
        module = wrap(place)
        module.reset()
        replace_module(encoder, place.name, module)


def detach_beside(encoder: nn.Module) -> dict[str, Tensor]:
    """Put the linear layers back as they were, and return what was learnt beside them."""
    found: dict[str, Tensor] = {}
    for name, module in _beside(encoder):
        found |= {f"{name}.{own}": value.detach() for own, value in module.own().items()}
        replace_module(encoder, name, linear(module.weight, module.bias))
    return found


def install_beside(
    encoder: nn.Module, weights: Weights, wrap: Callable[[str, nn.Linear], Beside], *, merge: bool
) -> bool:
    """Let linear layers answer with what was learnt beside them.

    Args:
        encoder: with plain linear layers.
        weights: what `detach_beside` gave.
        wrap: (name, layer) to what stands for it.
        merge: put a linear layer with weights of its own there, which gives the same.

    Returns:
        Whether they were merged.

    Raises:
        KeyError: if the encoder lacks such a layer.
    """
    for name in dict.fromkeys(name.rpartition(".")[0] for name in weights):
        try:
            frozen: Any = encoder.get_submodule(name)
        except AttributeError:
            raise KeyError(name) from None
        module = wrap(name, frozen)
        for own in module.own():
            setattr(module, own, nn.Parameter(weights[f"{name}.{own}"].float(), requires_grad=False))
        with torch.no_grad():
            replace_module(encoder, name, linear(*module.merged()) if merge else module)
    return merge


def linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """Return a linear layer with these weights, which are not copied."""
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    made.weight = weight if isinstance(weight, nn.Parameter) else nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        made.bias = bias if isinstance(bias, nn.Parameter) else nn.Parameter(bias, requires_grad=False)
    return made.eval()


def replace_module(encoder: nn.Module, name: str, module: nn.Module) -> None:
    """Put a module in the place of another."""
    parent, _, own = name.rpartition(".")
    setattr(encoder.get_submodule(parent), own, module)


def _beside(encoder: nn.Module) -> Iterator[tuple[str, Beside]]:
    for name, module in list(encoder.named_modules()):
        if isinstance(module, Beside):
            yield name, module
