"""Optimizers, a file each: how gradients become steps, and how a learning rate compares with AdamW's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from haoqi.core.registry import Registry

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer as Torch


@dataclass(frozen=True)
class Group:
    """Weights that learn alike."""

    weights: "Mapping[str, nn.Parameter]"
    """By name."""
    multiplier: float
    """Their learning rate, as a multiple of the training's."""
    weight_decay: float
    """Share of each weight that a step of size 1 takes away."""

    @property
    def options(self) -> dict[str, Any]:
        """The group as torch's optimizers take it; the loop sets the rate before every step."""
        return {
            "params": list(self.weights.values()),
            "weight_decay": self.weight_decay,
            "multiplier": self.multiplier,
            "lr": 0.0,
        }


class Optimizer(Protocol):
    """A way to turn gradients into steps.

    A method's learning rate and its range are those of AdamW: another optimizer multiplies them by its `rate`, so
    that it is tried where it learns, and weights decay by as much a step as they do under AdamW.
    """

    rate: ClassVar[float]
    """The learning rate that moves weights about as far as AdamW's, as a multiple of that."""
    elementwise: ClassVar[bool]
    """Whether each number of a weight moves by itself, so that a shard of a weight learns what the whole would."""

    def make(self, groups: Sequence[Group]) -> "Torch":
        """Return torch's optimizer over these groups; whatever it remembers of a weight is a tensor in its `state`."""
        ...


optimizers: Registry[Optimizer] = Registry("optimizer", "haoqi.train.optimizers")
