"""Keys and values before those of the text, in every layer (Li and Liang, 2021, arXiv:2101.00190; P-tuning v2: Liu et
al., 2022, arXiv:2110.07602).

They start from what each layer makes of words, since random ones are hard to learn from.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.models.encoders.adapters.adapter import Weights, kinds
from haoqi.models.encoders.adapters.linear_layers import linear_layers

# Where there are no words to start from.
_DEVIATION = 0.02


@kinds.register
@dataclass(frozen=True)
class Prefix:
    """How many there are."""

    merges: ClassVar[bool] = False

    tokens: Annotated[int, Range(1, 512)] = 20
    """Keys and values before those of the text, in each layer."""

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze an encoder and put in keys and values: those of words, or random ones where there are none."""
        encoder.requires_grad_(False)
        for name, (keys, values) in self._start(encoder, words).items():
            _put(encoder, name, Prepended(keys, values))
        _shift_positions(encoder, self.tokens)

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Take the keys and values out, and return them."""
        found: dict[str, Tensor] = {}
        for name, module in list(encoder.named_modules()):
            if isinstance(module, Prepended):
                found |= {f"{name}.{own}": value.detach() for own, value in module.named_parameters()}
                _remove(encoder, name.removesuffix(f".{_NAME}"))
        shift: Any = encoder._shift_hook
        shift.remove()
        del encoder._shift_hook
        return found

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Put the keys and values in; they belong to no weight, so that they cannot be merged."""
        for name in dict.fromkeys(name.rpartition(".")[0] for name in weights):
            module = Prepended(weights[f"{name}.keys"].float(), weights[f"{name}.values"].float())
            _put(encoder, name.removesuffix(f".{_NAME}"), module.requires_grad_(False))
        _shift_positions(encoder, self.tokens)
        return False

    def _start(self, encoder: nn.Module, words: Sequence[int]) -> dict[str, tuple[Tensor, Tensor]]:
        """Return the keys and values that each attention starts with, by its name."""
        # That of the keys, and that of the values, in the order of the layers.
        pairs = [_linear_of(encoder, own) for own in ("key", "value")]
        names = [name.rpartition(".")[0] for name, _ in pairs[0]]
        if not names or any(not _takes_a_prefix(encoder.get_submodule(name)) for name in names):
            raise UserError(
                f"a base of the kind {type(encoder).__name__} takes no keys and values beside its own",
                "choose another method, such as lora, or a BERT-like base",
            )
        if len(words) < self.tokens:
            made = [
                [_DEVIATION * torch.randn(self.tokens, one.out_features) for _, one in of_layers] for of_layers in pairs
            ]
        else:
            made = [_outputs(encoder, [one for _, one in pair], words[: self.tokens]) for pair in pairs]
        return {name: (key, value) for name, key, value in zip(names, *made, strict=True)}


class Prepended(nn.Module):
    """Keys and values that come before those of a text.

    Args:
        keys: shape (tokens, width of all heads).
        values: the same.
    """

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        self.keys, self.values = nn.Parameter(keys), nn.Parameter(values)

    def forward(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values of shape (rows, heads, tokens, size) with the others before them."""
        own = (self._split(one, like=keys) for one in (self.keys, self.values))
        first, second = (torch.cat([one, given], dim=2) for one, given in zip(own, (keys, values), strict=True))
        return first, second

    def mask(self, mask: Tensor | None) -> Tensor | None:
        """Return a mask of shape (rows, 1, queries, keys) that leaves what comes before a text visible."""
        if mask is None:
            return None
        shape = (*mask.shape[:-1], len(self.keys))
        seen = torch.ones(shape, dtype=mask.dtype, device=mask.device)
        return torch.cat([seen if mask.dtype == torch.bool else 0 * seen, mask], dim=-1)

    def _split(self, one: Tensor, like: Tensor) -> Tensor:
        rows, heads, _, size = like.shape
        return one.to(like.dtype).view(-1, heads, size).transpose(0, 1).expand(rows, heads, -1, size)


class _Cache:
    """What an attention of Transformers takes for the keys and values of earlier tokens."""

    def __init__(self, prepended: Prepended) -> None:
        self._prepended = prepended

    def update(self, keys: Tensor, values: Tensor, *rest: Any, **named: Any) -> tuple[Tensor, Tensor]:
        """Return keys and values with the others before them; nothing is kept."""
        found: tuple[Tensor, Tensor] = self._prepended(keys, values)
        return found


# Under which an attention has its keys and values, and under which the hook that hands them over is found again.
_NAME, _HOOK = "prefix", "_prefix_hook"


def _put(encoder: nn.Module, name: str, module: Prepended) -> None:
    attention: Any = encoder.get_submodule(name)
    attention.add_module(_NAME, module.to(next(encoder.parameters()).device))
    if not isinstance(attention, nn.ModuleDict):  # a lean encoder looks for it by itself
        setattr(attention, _HOOK, attention.register_forward_pre_hook(_hand_over, with_kwargs=True))


def _remove(encoder: nn.Module, name: str) -> None:
    attention: Any = encoder.get_submodule(name)
    getattr(attention, _HOOK).remove()
    delattr(attention, _NAME)
    delattr(attention, _HOOK)


def _hand_over(attention: Any, given: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    own: Prepended = attention.prefix
    return given, {**named, "past_key_values": _Cache(own), "attention_mask": own.mask(named.get("attention_mask"))}


def _shift_positions(encoder: Any, tokens: int) -> None:
    """Let a text's tokens be at the positions that they have after so many others, as other programs count them."""
    # Some encoders count positions from the number of their padding.
    first = tokens + getattr(encoder.embeddings, "padding_idx", -1) + 1

    def shift(module: Any, given: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        ids = named["input_ids"]
        places = torch.arange(first, first + ids.shape[1], device=ids.device)
        return given, {**named, "position_ids": places[None]}

    encoder._shift_hook = encoder.register_forward_pre_hook(shift, with_kwargs=True)


def _takes_a_prefix(attention: nn.Module) -> bool:
    return "past_key_values" in inspect.signature(type(attention).forward).parameters


def _linear_of(encoder: nn.Module, own: str) -> list[tuple[str, nn.Linear]]:
    return [
        (place.name, place.module)
        for place in linear_layers(encoder, "attention")
        if place.name.rpartition(".")[2] == own
    ]


def _outputs(encoder: nn.Module, layers: Sequence[nn.Linear], tokens: Sequence[int]) -> list[Tensor]:
    """Return what each of some layers makes of a text, shape (tokens, width)."""
    found: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda one, given, output: found.append(output[0].clone())) for layer in layers
    ]
    try:
        with torch.no_grad():
            encoder(input_ids=torch.tensor([list(tokens)], device=next(encoder.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return found
