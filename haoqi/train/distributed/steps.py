"""A rank's part in every step: the gradients of its share of the rows, which torch averages over the ranks."""

import math
from collections.abc import Iterator
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from haoqi.core.errors import UserError
from haoqi.models.encoders.placement import Placement
from haoqi.models.encoders.tokens import Rows
from haoqi.train.distributed.sharding import cut, shard, whole
from haoqi.train.loop import optimizer as adam
from haoqi.train.loop.learner import Learner
from haoqi.train.loop.step import Order, Stepper, optimizer_of, ran_out
from haoqi.train.memory.recompute import recompute
from haoqi.train.optimizers import optimizers
from haoqi.train.settings import TrainSettings


def rank_steps(
    learner: Learner, settings: TrainSettings, placement: Placement, moments: dict[str, Tensor], *, recomputed: bool
) -> "RankSteps":
    """Return what takes this rank's part in a training's steps; see `step.steps_of`.

    A shard takes the place of its weight, so a copy of the module is cut up, and the learner's own, which is looked at
    and saved, stays whole.
    """
    sharded = placement.sharding == "full"
    if sharded and not optimizers.build(settings.optimizer).elementwise:
        raise UserError(
            f"{settings.optimizer} looks at whole matrices, and --sharding full leaves a part of each",
            "say optimizer adamw, or leave --sharding out",
        )
    if sharded and learner.waits is not None:
        raise UserError(
            "with --sharding full all layers learn from the start, and unfreezing lets some of them wait",
            "say unfreezing 0, or leave --sharding out",
        )
    module = called = deepcopy(learner.module) if sharded else learner.module
    if recomputed:
        recompute(module)
    if sharded:
        shard(module, placement)
    else:
        # Some weights may have no part in a loss, such as those of a pooler.
        called = DistributedDataParallel(module, broadcast_buffers=False, find_unused_parameters=True)
    weights = adam.trainable(module)
    optimizer = optimizer_of(learner, settings, weights, cut(moments, weights))
    rank = torch.distributed.get_rank()
    return RankSteps(Stepper(learner, called, weights, optimizer, settings, placement, rank))


@dataclass(frozen=True)
class RankSteps:
    """One of several ranks that take every step together."""

    stepper: Stepper

    def step(self, parts: list[Rows], order: Order) -> float:
        """Take a step and return its loss, that of all ranks' rows.

        Raises:
            UserError: if memory ran out: the others wait amidst the step, so it cannot be taken again.
        """
        try:
            loss = self.stepper.gradients(order, self._batches(parts, order))
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
            raise UserError(
                f"memory ran out at step {order.number + 1}, and on several devices a step cannot be taken again",
                "a smaller batch_size or max_tokens needs less, and so does --sharding full",
            ) from error
        mean = torch.tensor(loss / self.stepper.placement.devices, dtype=torch.float64)
        torch.distributed.all_reduce(mean)
        self.stepper.update(order)
        return mean.item()

    def gather(self) -> None:
        """Bring the learner's module up to date."""
        own = dict(self.stepper.learner.module.named_parameters())
        with torch.no_grad():
            for name, weight in self.stepper.weights.items():
                if weight is not own[name]:
                    own[name].copy_(whole(weight))

    def moments(self) -> dict[str, Tensor]:
        """Return the optimizer's moments, whole, by `what/weight`."""
        return {name: whole(value) for name, value in self.stepper.moments().items()}

    def _batches(self, parts: list[Rows], order: Order) -> Iterator[tuple[Any, float]]:
        """Yield this rank's batches, each with what its loss is divided by.

        Torch takes the mean over ranks, and the loss is a sum over rows: so it is multiplied by the ranks first.
        """
        stepper, ranks = self.stepper, self.stepper.placement.devices
        mine = share(parts, stepper.rank, ranks, divisible=stepper.learner.divisible)
        for number, (rows, counts) in enumerate(mine, 1):
            module, last = stepper.module, number == len(mine)
            # Until the last batch, gradients add up in this process.
            with module.no_sync() if isinstance(module, DistributedDataParallel) and not last else nullcontext():
                yield stepper.learner.batches.collate(rows), order.weight / ranks if counts else math.inf


def share(parts: list[Rows], rank: int, ranks: int, *, divisible: bool = True) -> list[tuple[Rows, bool]]:
    """Return a rank's rows of a step, a list of (rows, whether they count), as long on every rank.

    Whole parts go round; those left over are cut, so that all compute about as many rows. Where nothing is left for a
    rank it computes a row that does not count, since the others wait for its gradients.

    Args:
        parts: of the step.
        rank: whose.
        ranks: how many there are.
        divisible: whether a part may be cut.
    """
    rounds = len(parts) // ranks * ranks
    mine = [(rows, True) for rows in parts[rank:rounds:ranks]]
    for number, rows in enumerate(parts[rounds:]):
        own = rows[rank::ranks] if divisible else rows[: len(rows) * (number % ranks == rank)]
        mine.append((own, True) if len(own) else (rows[:1], False))
    return mine
