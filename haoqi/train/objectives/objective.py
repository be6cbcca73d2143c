"""The loss of a batch under the techniques of a training."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from haoqi.models.encoders.encoder import Batch
from haoqi.train.objectives.adversarial import Adversary, attacked
from haoqi.train.objectives.contrast import contrast_loss, shared_labels
from haoqi.train.objectives.losses import Loss

Given = tuple[Batch, Tensor, Tensor | None]
"""Windows, their targets, and how much each of these counts."""


@dataclass(frozen=True)
class Contrast:
    """How much a supervised contrast of what the head reads counts beside the loss (arXiv:2011.01403)."""

    share: float
    """Of the whole loss."""
    temperature: float
    labels: Tensor | None = None
    """Target of each row, where the targets are the rows' own numbers."""

    def __call__(self, read: Tensor, targets: Tensor, rows: Tensor | None) -> Tensor:
        """Return the contrast of one pass or several, as a mean over the passes.

        Args:
            read: what the head reads, shape (passes x n, width).
            targets: of the rows, n of them.
            rows: how much each counts; None: all alike.
        """
        passes = len(read) // len(targets)
        known = targets if self.labels is None else self.labels[targets]
        counting = torch.ones(len(targets), device=read.device) if rows is None else rows
        vectors, alike = functional.normalize(read.float(), dim=1), shared_labels(torch.cat([known] * passes))
        return contrast_loss(vectors, alike, torch.cat([counting] * passes), self.temperature) / passes


@dataclass(frozen=True)
class Objective:
    """(module, batch) to losses, each asked for once the one before was differentiated; their sum is what counts.

    The rows' losses add up to it, so parts of a step add up to the step; only mixup and contrast look at a row's
    company.
    """

    loss: Loss
    """(logits, targets, weights) to the sum of the rows' losses."""
    gap: Loss
    """(logits of one pass, of another, weights) to the sum of how far the rows' answers are apart."""
    r_drop: float = 0.0
    """How much the gap of two passes counts (alpha)."""
    mixup: float = 0.0
    """Parameter of the beta distribution that shares are drawn from; 0: nothing is mixed."""
    adversary: Adversary | None = None
    contrast: Contrast | None = None

    def __call__(self, module: nn.Module, given: Given) -> Iterator[Tensor]:
        """Yield the losses of a batch."""
        if self.adversary is None:
            yield self.once(module, given)
        else:
            yield from attacked(partial(self.once, module, given), module, given[0], self.adversary)

    def once(self, module: nn.Module, given: Given) -> Tensor:
        """Return the loss of one pass.

        Half the sum of R-Drop's paper, so that the step size means what it means without.
        """
        batch, targets, rows = given
        with read_by_head(module) as read:
            logits: Tensor = module(doubled(batch) if self.r_drop else batch)
        answers = logits.chunk(2) if self.r_drop else (logits,)
        drawn = None if self.contrast is None else self.contrast(read[0], targets, rows)
        if self.mixup:
            share, partners = pairs(len(targets), self.mixup)
            answers = tuple(share * answer + (1 - share) * answer[partners] for answer in answers)
            others = None if rows is None else rows[partners]
            found = share * self._misfit(answers, targets, rows)
            found = found + (1 - share) * self._misfit(answers, targets[partners], others)
            rows = None if rows is None or others is None else share * rows + (1 - share) * others
        else:
            found = self._misfit(answers, targets, rows)
        if self.contrast is not None and drawn is not None:
            found = (1 - self.contrast.share) * found + self.contrast.share * drawn
        return found + self.r_drop / 4 * self.gap(answers[0], answers[1], rows) if self.r_drop else found

    def _misfit(self, answers: tuple[Tensor, ...], targets: Tensor, rows: Tensor | None) -> Tensor:
        return torch.stack([self.loss(answer, targets, rows) for answer in answers]).mean()


@contextmanager
def read_by_head(module: nn.Module) -> Iterator[list[Tensor]]:
    """Yield a list that takes what a module's head reads, before any of it is hidden, shape (rows, width)."""
    found: list[Tensor] = []
    inner: Any = getattr(module, "module", module)  # where torch averages gradients over ranks
    if not hasattr(inner, "dropout"):  # a module without a head has nothing that is read
        yield found
        return
    hook = inner.dropout.register_forward_pre_hook(lambda dropout, given: found.append(given[0]))
    try:
        yield found
    finally:
        hook.remove()


def doubled(batch: Batch) -> Batch:
    """Return every row of a batch twice, all of them and then all again."""

    def twice(value: Tensor | None) -> Any:
        return None if value is None else torch.cat([value, value])

    places = batch.places
    if places is not None:
        longest = (batch.ids if batch.states is None else batch.states).shape[1]
        places = torch.cat([places, places + len(batch.lengths) * longest])
    return replace(
        batch,
        ids=twice(batch.ids),
        lengths=twice(batch.lengths),
        places=places,
        shapes=twice(batch.shapes),
        states=twice(batch.states),
    )


def pairs(count: int, alpha: float) -> tuple[float, Tensor]:
    """Return what share each row keeps of itself, and the row it takes the rest from.

    Since the head is linear, mixing what it reads is mixing what it says, so logits are what is mixed. With one
    share for all and every row once a partner, the rows count together as they did.

    Args:
        count: rows, at least 1.
        alpha: parameter of the symmetric beta distribution.
    """
    share = float(torch.distributions.Beta(alpha, alpha).sample())
    return share, torch.randperm(count)
