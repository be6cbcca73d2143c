"""AdamW: steps of like size for all weights, whose decay is apart (Loshchilov and Hutter, 2019, arXiv:1711.05101).

The usual one, and what learning rates are given for. Prefer it unless memory or a trial says otherwise: it keeps two
numbers for each that learns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from haoqi.train.optimizers import Group, optimizers


@optimizers.register
@dataclass(frozen=True)
class AdamW:
    """At torch's defaults: 0.9 and 0.999 of the moments are kept at each step."""

    rate: ClassVar[float] = 1.0
    elementwise: ClassVar[bool] = True

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Return torch's fused AdamW."""
        return torch.optim.AdamW([group.options for group in groups], fused=True)
