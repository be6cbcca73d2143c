"""One step of the loop in one process: the gradients of its parts added up, then one update of the weights."""

import gc
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.models.encoders.placement import Placement
from haoqi.models.encoders.tokens import Rows
from haoqi.train.loop import optimizer as adam
from haoqi.train.loop.learner import Learner
from haoqi.train.memory.recompute import keep, recompute
from haoqi.train.settings import TrainSettings


class Diverged(UserError):  # noqa: N818 - said as it happened
    """The loss is no longer a number: this plan has failed, others need not."""


@dataclass(frozen=True)
class Order:
    """What every process must know of a step."""

    number: int
    """Steps taken before."""
    seed: int
    """Of what dropout hides."""
    learning_rate: float
    weight: float
    """How much all rows of the step count together."""
    share: float = 0.0
    """Of the training that is done, in [0, 1]."""


class Steps(Protocol):
    """What takes a training's steps and says what has become of the weights."""

    def step(self, parts: list[Rows], order: Order) -> float | None:
        """Take a step and return its loss; or None, and nothing has changed, where memory ran out."""
        ...

    def gather(self) -> None:
        """Bring the learner's module up to date."""
        ...

    def moments(self) -> dict[str, Tensor]:
        """Return the optimizer's moments, whole, by `what/weight`."""
        ...


@contextmanager
def steps_of(
    learner: Learner, settings: TrainSettings, placement: Placement, moments: dict[str, Tensor], *, recomputed: bool
) -> Iterator[Steps]:
    """Give what takes a training's steps; after the block the module is as it was, but for its weights.

    Args:
        learner: what is trained on what.
        settings: how.
        placement: where; with several devices this process is one of the ranks.
        moments: of the optimizer, where a training goes on.
        recomputed: whether layers compute their inner states twice instead of keeping them.
    """
    weights = adam.trainable(learner.module)
    try:
        if placement.devices == 1:
            if recomputed:
                recompute(learner.module)
            optimizer = optimizer_of(learner, settings, weights, moments)
            yield Stepper(learner, learner.module, weights, optimizer, settings, placement)
        else:
            from haoqi.train.distributed.steps import rank_steps

            yield rank_steps(learner, settings, placement, moments, recomputed=recomputed)
    finally:
        keep(learner.module)
        for weight in weights.values():
            weight.requires_grad_(True)


def optimizer_of(
    learner: Learner, settings: TrainSettings, weights: Mapping[str, nn.Parameter], moments: Mapping[str, Tensor]
) -> torch.optim.Optimizer:
    """Return the optimizer of a training that begins, or goes on with these moments."""
    found = adam.make_optimizer(weights, settings, learner.multiplier)
    found.zero_grad(set_to_none=True)  # what a step that was interrupted left
    adam.fill(found, weights, moments)
    return found


@dataclass
class Stepper:
    """What one process takes steps with."""

    learner: Learner
    module: nn.Module
    """What computes: the learner's module, or what stands for it."""
    weights: Mapping[str, nn.Parameter]
    """What learns, by name."""
    optimizer: torch.optim.Optimizer
    settings: TrainSettings
    placement: Placement
    rank: int = 0

    def step(self, parts: list[Rows], order: Order) -> float | None:
        """Take a step and return its loss; or None, and nothing has changed, where memory ran out."""
        loss = self.attempt(order, ((self.learner.batches.collate(rows), order.weight) for rows in parts))
        if loss is not None:
            self.update(order)
        return loss

    def gather(self) -> None:
        """Do nothing: the module is what is trained."""

    def moments(self) -> dict[str, Tensor]:
        """Return the optimizer's moments by `what/weight`."""
        return adam.dump(self.optimizer, self.weights)

    def gradients(self, order: Order, batches: Iterable[tuple[Any, float]]) -> float:
        """Add the gradients of these batches to those that are there, and return the sum of their losses.

        Args:
            order: the step.
            batches: the parts of the step, each with what its loss is divided by.

        Raises:
            Diverged: if the loss is infinite or not a number.
        """
        self.module.train()
        self._hold(order)
        torch.manual_seed(seeds.number(order.seed, "rank", self.rank) if self.rank else order.seed)
        total = 0.0
        for batch, weight in batches:
            for found in self._losses(batch):
                loss = found / max(weight, 1e-9)
                total += loss.item()
                check(total, order, self.settings)
                loss.backward()  # type: ignore[no-untyped-call]
        return total

    def _hold(self, order: Order) -> None:
        """Let only those weights learn whose time has come."""
        waits = self.learner.waits
        if waits is not None:
            for name, weight in self.weights.items():
                weight.requires_grad_(not waits(name, order.share))

    def _losses(self, batch: Any) -> Iterator[Tensor]:
        """Yield the losses of a batch, each once the one before was differentiated."""
        with self.placement.arithmetic():
            found = self.learner.loss(self.module, batch)
        if isinstance(found, Tensor):
            yield found
            return
        while True:
            with self.placement.arithmetic():
                loss = next(found, None)
            if loss is None:
                return
            yield loss

    def update(self, order: Order) -> None:
        """Move the weights by the gradients, and drop these."""
        adam.set_rate(self.optimizer, order.learning_rate)
        if self.settings.clip:
            nn.utils.clip_grad_norm_(list(self.weights.values()), self.settings.clip)
        self.optimizer.step()
        if self.learner.after_step is not None:
            self.learner.after_step(order.share)
        self.optimizer.zero_grad(set_to_none=True)

    def attempt(self, order: Order, batches: Iterable[tuple[Any, float]]) -> float | None:
        """Return what `gradients` does; or None, and no gradients are left, where memory ran out."""
        try:
            return self.gradients(order, batches)
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
        # Here, and not above: as long as the error is at hand, so is all that it was raised amidst.
        self.forget()
        return None

    def forget(self) -> None:
        """Drop the gradients, and give back the memory of what was computed for them."""
        self.optimizer.zero_grad(set_to_none=True)
        gc.collect()
        if self.placement.device == "cuda":
            torch.cuda.empty_cache()


def check(loss: float, order: Order, settings: TrainSettings) -> None:
    """Say no to a loss that is infinite or not a number.

    Raises:
        Diverged: if it is.
    """
    if not math.isfinite(loss):
        raise Diverged(
            f"training diverged: the loss was {loss} at step {order.number + 1}",
            f"a learning_rate below {settings.learning_rate:g} is steadier",
        )


def ran_out(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, as GPUs, torch's CPU allocator, oneDNN and numpy say it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error).lower()
    # A product that oneDNN does not know fails earlier, at its "primitive descriptor".
    scratch = "could not create a primitive" in said and "descriptor" not in said
    return isinstance(error, RuntimeError) and (scratch or "out of memory" in said or "can't allocate memory" in said)
