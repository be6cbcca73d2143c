"""Lion: every number moves by the same amount, in the direction of a momentum (Chen et al., 2023, arXiv:2302.06675).

It keeps one number for each that learns, half of AdamW. Its steps are larger than AdamW's at the same learning rate, so
the authors take a third to a tenth of it. Prefer it for large batches; of small ones the sign is mostly noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from haoqi.train.optimizers import Group, optimizers

# Shares that stay: of the momentum in the direction of a step, and of the momentum that is kept after it.
_DIRECTION, _KEPT = 0.9, 0.99


@optimizers.register
@dataclass(frozen=True)
class Lion:
    """At the paper's defaults."""

    rate: ClassVar[float] = 0.3
    elementwise: ClassVar[bool] = True

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Return Lion over these groups."""
        return _Lion([group.options for group in groups], {})


class _Lion(torch.optim.Optimizer):
    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(group["lr"] * momentum.lerp(weight.grad, 1 - _DIRECTION).sign_())
                momentum.lerp_(weight.grad, 1 - _KEPT)
