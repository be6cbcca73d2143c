"""A loss that remembers what was answered early: early-learning regularisation (Liu et al., 2020, arXiv:2007.00151)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from haoqi.train.objectives.losses import Loss

MOMENTUM = 0.7
"""How much of what is remembered of a row stays when it is answered again (beta of the paper)."""

_LEAST = 1e-4


@dataclass(frozen=True)
class EarlyLearning:
    """The sum of rows' losses, each with strength times log(1 - <remembered, answered>) beside.

    Its targets are the rows' own numbers, so that it knows what it remembers of which.
    """

    plain: Loss
    """The loss against labels."""
    labels: Tensor
    """Number of each row's label, shape (n,)."""
    remembered: Tensor
    """Probabilities of each label, shape (n, labels); changed with every answer."""
    strength: Tensor
    """How much they count, shape (n,)."""
    momentum: float = MOMENTUM
    """1: what is remembered stays as it was given."""

    @property
    def learns(self) -> bool:
        """Whether answers change what is remembered."""
        return self.momentum < 1

    @classmethod
    def of(cls, plain: Loss, labels: Tensor, beliefs: Tensor, momentum: float = MOMENTUM) -> "EarlyLearning":
        """Return the loss that begins from beliefs, shape (n, labels), whose rows add up to how much they count."""
        strength = beliefs.sum(dim=1)
        return cls(plain, labels, beliefs / strength.clamp(min=_LEAST)[:, None], strength, momentum)

    def __call__(self, logits: Tensor, rows: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the loss of some rows, and remember their answers.

        Args:
            logits: shape (m, labels).
            rows: their numbers, shape (m,).
            weights: how much each counts, shape (m,); None: 1 each.
        """
        answered = functional.softmax(logits.float(), dim=1).clamp(_LEAST, 1 - _LEAST)
        if self.learns:
            kept = self.momentum * self.remembered[rows]
            self.remembered[rows] = kept + (1 - self.momentum) * answered.detach()
        agreed = (self.remembered[rows] * answered).sum(dim=1).clamp(max=1 - _LEAST)
        held = self.strength[rows] * torch.log1p(-agreed)
        return self.plain(logits, self.labels[rows], weights) + (held if weights is None else held * weights).sum()
