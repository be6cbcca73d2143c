"""The contract of a kind of adapter: what learns beside a frozen encoder, and what is kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from torch import Tensor, nn

from haoqi.core import config
from haoqi.core.registry import Registry

Weights = Mapping[str, Tensor]
"""What was learnt, by name: that of a weight in the encoder as it is while the adapter is attached."""


@runtime_checkable
class AdapterKind(Protocol):
    """A frozen dataclass of the settings that decide which weights there are. Its file's name is its name.

    `attach` draws from torch's generator. An encoder may share its weights with others: `install` replaces weights, and
    writes into none.
    """

    merges: ClassVar[bool]
    """Whether what was learnt can be written into the encoder's own weights, which are then as quick as before."""

    def attach(self, encoder: nn.Module, words: Sequence[int] = ()) -> None:
        """Freeze an encoder and put in what learns.

        Args:
            encoder: a Transformers model.
            words: tokens that stand for words of the texts, from which soft prompts and prefixes start.

        Raises:
            UserError: if the encoder has no place for it.
        """
        ...

    def detach(self, encoder: nn.Module) -> dict[str, Tensor]:
        """Take out what was put in, and return what was learnt; what else there is in the encoder stays frozen."""
        ...

    def install(self, encoder: nn.Module, weights: Weights, *, merge: bool) -> bool:
        """Let an encoder answer with what was learnt.

        Args:
            encoder: of Transformers, or a lean one.
            weights: what `detach` gave.
            merge: write it into copies of the encoder's own weights, where that can be done.

        Returns:
            Whether weights of the encoder hold it now, and nothing is beside them.

        Raises:
            KeyError: if the encoder lacks a place that a weight is for.
        """
        ...


kinds: Registry[AdapterKind] = Registry(
    "adapter", "haoqi.models.encoders.adapters", skip=("adapter", "linear_layers", "rank_budget", "peft_format")
)


@dataclass(frozen=True)
class Adapter:
    """What was learnt beside an encoder."""

    kind: AdapterKind
    weights: Weights
    merged: bool
    """Whether the encoder at hand holds it in its own weights."""

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return sum(value.numel() for value in self.weights.values())

    def to_plain(self) -> dict[str, Any]:
        """Return all but the weights, as JSON holds it."""
        name = type(self.kind).__module__.rpartition(".")[2]
        return {"kind": name, "settings": config.as_plain(self.kind), "merged": self.merged}


def kind_of(plain: Mapping[str, Any]) -> AdapterKind:
    """Return the kind that `Adapter.to_plain` described.

    Raises:
        UserError: if there is none of this name, or it has no such settings.
    """
    return kinds.build(plain["kind"], **plain["settings"])


def settle(kind: AdapterKind, encoder: nn.Module) -> Adapter:
    """Return what was learnt beside an encoder, which from here on answers with it, as it does when read from disk."""
    weights = {name: value.detach().clone() for name, value in kind.detach(encoder).items()}
    return installed(kind, encoder, weights, merge=True)


def installed(kind: AdapterKind, encoder: nn.Module, weights: Weights, *, merge: bool) -> Adapter:
    """Return an adapter after an encoder was made to answer with it."""
    return Adapter(kind, weights, kind.install(encoder, weights, merge=merge))
