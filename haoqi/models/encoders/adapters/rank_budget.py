"""Which triplets of an AdaLoRA training stay: the more a loss depends on one, the longer (arXiv:2303.10512).

How much it depends on a weight is the weight times its gradient; both its mean over steps and how much it varies count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from haoqi.models.encoders.adapters.adaptive_rank import TripletLinear

_SMOOTH = 0.85  # of what was known before, after a step: the paper's
_EVERY = 10  # steps, after which triplets that were left out may come back
_ORTHOGONAL = 0.1  # how much the matrices' distance from orthogonal ones counts


@dataclass(frozen=True)
class RankBudget:
    """Leaves fewer and fewer triplets, from some share of a training on, and at the end so many as are wanted."""

    modules: Sequence[TripletLinear]
    target: int
    """Triplets that stay, as a mean over the linear layers."""
    warm: float = 0.2
    """Share of the training in which all stay."""
    cool: float = 0.3
    """Share at its end in which those that were chosen learn on."""
    memory: Mapping[str, Tensor] = field(default_factory=dict)
    """What is known of every triplet, shape (triplets,): a checkpoint holds it."""

    @classmethod
    def of(cls, modules: Sequence[TripletLinear], target: int) -> "RankBudget":
        """Return a budget that knows nothing yet."""
        count, device = sum(len(one.values) for one in modules), modules[0].values.device
        memory = {name: torch.zeros(count, device=device) for name in ("mean", "spread")}
        memory |= {"kept": torch.ones(count, device=device), "steps": torch.zeros(1, device=device)}
        return cls(modules, target, memory=memory)

    def share(self, done: float) -> float:
        """Return which share of all triplets stays when so much of the training is done: it falls by a cube."""
        last = len(self.modules) * self.target / len(self.memory["kept"])
        left = 1 - min(1.0, max(0.0, (done - self.warm) / (1 - self.warm - self.cool)))
        return min(1.0, last + (1 - last) * left**3)

    @torch.no_grad()
    def after_step(self, done: float) -> None:
        """Learn from a step's gradients, which are still there, and let those triplets count for nothing that go."""
        memory = self.memory
        memory["steps"] += 1
        seen = torch.cat([_sensitivity(module) for module in self.modules])
        memory["mean"].lerp_(seen, 1 - _SMOOTH)
        memory["spread"].lerp_((seen - memory["mean"]).abs(), 1 - _SMOOTH)
        if done < 1 - self.cool and int(memory["steps"]) % _EVERY == 0:
            self._choose(self.share(done))
        if done >= 1 - self.cool:
            self.settle()

    @torch.no_grad()
    def settle(self) -> None:
        """Let no more triplets count than are wanted."""
        if int(self.memory["kept"].sum()) > self._count(self.share(1.0)):
            self._choose(self.share(1.0))
        self._mask()

    def penalty(self) -> Tensor:
        """Return how far the matrices are from orthogonal ones, as it counts for each row that is learnt from."""
        found = [
            _from_orthogonal(one.right @ one.right.T) + _from_orthogonal(one.left.T @ one.left) for one in self.modules
        ]
        return _ORTHOGONAL * torch.stack(found).mean()

    def _choose(self, share: float) -> None:
        importance = self.memory["mean"] * self.memory["spread"]
        kept = self.memory["kept"].zero_()
        # Stable, so that ties fall alike everywhere.
        kept[importance.argsort(descending=True, stable=True)[: self._count(share)]] = 1.0
        self._mask()

    def _count(self, share: float) -> int:
        return max(1, round(share * len(self.memory["kept"])))

    def _mask(self) -> None:
        sizes = [len(module.values) for module in self.modules]
        for module, kept in zip(self.modules, torch.split(self.memory["kept"], sizes), strict=True):
            module.values.mul_(kept)


def _sensitivity(module: TripletLinear) -> Tensor:
    """Return how much the loss depends on each triplet: on its value, and on the mean of either matrix's numbers."""
    right, values, left = (
        (one * one.grad).abs() if one.grad is not None else torch.zeros_like(one)
        for one in (module.right, module.values, module.left)
    )
    return values + right.mean(dim=1) + left.mean(dim=0)


def _from_orthogonal(product: Tensor) -> Tensor:
    found: Tensor = torch.linalg.norm(product - torch.eye(len(product), device=product.device))
    return found
