"""Stochastic gradient descent with momentum (Polyak, 1964, doi:10.1016/0041-5553(64)90137-5).

A step is as long as its gradient, so weights with small gradients hardly move; transformers learn less by it than by
AdamW (Zhang et al., 2020, arXiv:1912.03194). Prefer it as a control, and where memory is wanting: it keeps one number
for each that learns.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from haoqi.train.optimizers import Group, optimizers

_MOMENTUM = 0.9
# A step of AdamW moves each number by about so much of its learning rate.
_ADAMW_STEP = 0.4


@optimizers.register
@dataclass(frozen=True)
class Sgd:
    """With a momentum of 0.9."""

    # Gradients are cut to length 1, and momentum makes ten of each, whereas a step of AdamW is the longer the more
    # numbers learn: their root is a factor beside.
    rate: ClassVar[float] = _ADAMW_STEP * (1 - _MOMENTUM)
    elementwise: ClassVar[bool] = True

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Return torch's SGD; its decay passes through the momentum, too."""
        length = math.sqrt(sum(weight.numel() for group in groups for weight in group.weights.values()))
        given = [
            replace(
                group,
                multiplier=group.multiplier * length,
                weight_decay=group.weight_decay * (1 - _MOMENTUM) / length,
            )
            for group in groups
        ]
        return torch.optim.SGD([group.options for group in given], momentum=_MOMENTUM)
