"""Adafactor: second moments by row and column instead of by number (Shazeer and Stern, 2018, arXiv:1804.04235).

Prefer it where the memory of AdamW's moments is wanting: of a matrix it keeps a number per row and per column. The
paper's steps are in proportion to a weight's own size; here they are as large for all, as AdamW's are, so that a head
or a low-rank matrix that starts from zero can leave it, and a learning rate means what it means elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from haoqi.train.optimizers import Group, optimizers

# Smaller weights learn as if they were of this size (root mean square), and hardly any weights are larger.
_SIZE = 1.0


@optimizers.register
@dataclass(frozen=True)
class Adafactor:
    """At torch's defaults, but for the size of steps."""

    rate: ClassVar[float] = 1 / _SIZE
    elementwise: ClassVar[bool] = False

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Return torch's Adafactor."""
        return torch.optim.Adafactor([group.options for group in groups], eps=(None, _SIZE))
