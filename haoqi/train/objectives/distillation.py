"""Learning what a teacher answers beside what the labels say (Hinton, Vinyals and Dean, 2015, arXiv:1503.02531)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from haoqi.train.objectives.losses import Loss

Answers = Literal["one", "several", "number"]
"""Whether a row has one class of some, any number of them, or a number."""


@dataclass(frozen=True)
class Distillation:
    """The sum of rows' losses, a share of which is how far answers are from a teacher's.

    Its targets are the rows' own numbers. Of classes the cross-entropy to the teacher's probabilities counts, both
    softened by a temperature, and times its square, so that gradients stay as large; of numbers half the squared
    difference.
    """

    plain: Loss
    """The loss against labels; given the rows' numbers where `labels` is None."""
    labels: Tensor | None
    """Target of each row, shape (n,) or (n, labels)."""
    taught: Tensor
    """The teacher's logits, or numbers, shape (n, outputs)."""
    answers: Answers
    share: float
    temperature: float = 1.0

    def __call__(self, given: Tensor, rows: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the loss of some rows.

        Args:
            given: logits or numbers, shape (m, outputs).
            rows: their numbers, shape (m,).
            weights: how much each counts, shape (m,); None: 1 each.
        """
        targets = rows if self.labels is None else self.labels[rows]
        found = self._gap(given.float(), self.taught[rows])
        taught = (found if weights is None else found * weights).sum()
        return (1 - self.share) * self.plain(given, targets, weights) + self.share * taught

    def _gap(self, given: Tensor, taught: Tensor) -> Tensor:
        """Return how far each row is from its teacher's answer, shape (m,)."""
        if self.answers == "number":
            return (given - taught).pow(2).sum(dim=1) / 2
        soft, own = taught / self.temperature, given / self.temperature
        if self.answers == "several":
            found = functional.binary_cross_entropy_with_logits(own, soft.sigmoid(), reduction="none")
        else:
            found = -torch.log_softmax(own, dim=1) * soft.softmax(dim=1)
        return self.temperature**2 * found.sum(dim=1)
