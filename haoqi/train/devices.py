"""One device or many: what takes the loop's steps, and always to the same weights."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from haoqi.core.errors import UserError
from haoqi.models.encoders.placement import Placement
from haoqi.models.encoders.tokens import Rows
from haoqi.train import optimizer as adam
from haoqi.train.group import Seat, joined, sum_gradients
from haoqi.train.learner import Learner
from haoqi.train.processes import Child, children
from haoqi.train.recompute import keep, recompute
from haoqi.train.settings import TrainSettings
from haoqi.train.step import Diverged, Loss, Order, Stepper, check, ran_out
from haoqi.train.wire import dumps, loads

# A process has one group at a time.
_one_group = Lock()
_numbers = count()


@cache
def _meetings() -> "TemporaryDirectory[str]":
    """Return the folder in which groups meet, removed when this process ends.

    No sooner: a child that leaves a group after its parent did waits for the file of the meeting, which would be gone.
    """
    return TemporaryDirectory(prefix="haoqi-")


@dataclass(frozen=True)
class Begin:
    """All that a process needs to take its share of a training."""

    module: nn.Module
    loss: Loss
    settings: TrainSettings
    placement: Placement
    rates: dict[str, float]
    """Each weight's learning rate, as a multiple of the setting."""
    moments: dict[str, Tensor] = field(default_factory=dict)
    """Of the optimizer, where a training goes on."""
    recomputed: bool = False

    def stepper(self, rank: int = 0) -> Stepper:
        """Return what takes steps, the module moved to its device, or its shards left there."""
        module, place = self.module.to(self.placement.device), self.placement
        if self.recomputed:
            recompute(module)
        maker: Callable[..., Stepper] = Stepper
        moments = self.moments
        if place.sharding == "full":
            from haoqi.train import sharding

            sharding.shard(module, place.device, place.devices)
            maker = sharding.ShardedStepper
            whole = adam.trainable(module)
            moments = {key: sharding.cut_like(value, whole[key.partition("/")[2]]) for key, value in moments.items()}
        weights = adam.trainable(module)
        found = adam.make_optimizer(weights, self.settings, self.rates.__getitem__, fused=place.sharding == "none")
        found.zero_grad(set_to_none=True)  # what a step that was interrupted left
        adam.fill(found, weights, moments)
        return maker(module, self.loss, weights, found, self.settings, place, rank)


class Devices(Protocol):
    """What takes steps and says what has become of the weights."""

    def step(self, parts: list[Rows], order: Order) -> float | None:
        """Take a step and return its loss; or None, and nothing has changed, where memory ran out."""
        ...

    def recompute(self) -> None:
        """Keep less of each layer from here on."""
        ...

    def gather(self) -> None:
        """Bring the learner's module up to date."""
        ...

    def moments(self) -> dict[str, Tensor]:
        """Return the optimizer's moments, whole, by `what/weight`."""
        ...


@contextmanager
def devices(
    learner: Learner, settings: TrainSettings, placement: Placement, moments: dict[str, Tensor], *, recomputed: bool
) -> Iterator[Devices]:
    """Give what takes a training's steps; after the block the module is as it was, but for its weights.

    Args:
        learner: what is trained on what.
        settings: how.
        placement: on how many devices, and which.
        moments: of the optimizer, where a training goes on.
        recomputed: whether layers compute their inner states twice instead of keeping them.
    """
    rates = {name: learner.multiplier(name) for name in adam.trainable(learner.module)}
    begin = Begin(learner.module, learner.loss, settings, placement, rates, moments, recomputed)
    try:
        if placement.devices == 1:
            yield OneDevice(learner, replace(begin, placement=replace(placement, sharding="none")).stepper())
        else:
            with _one_group, ManyDevices(learner, begin) as many:
                yield many
    finally:
        keep(learner.module)


@dataclass(frozen=True)
class OneDevice:
    """This process alone."""

    learner: Learner
    stepper: Stepper

    def step(self, parts: list[Rows], order: Order) -> float | None:
        """Take a step and return its loss; or None, and nothing has changed, where memory ran out."""
        loss = self.stepper.attempt(order, ((self.learner.batches.collate(rows), order.weight) for rows in parts))
        if loss is not None:
            self.stepper.update(order)
        return loss

    def recompute(self) -> None:
        """Keep less of each layer from here on."""
        recompute(self.stepper.module)

    def gather(self) -> None:
        """Do nothing: the module is what is trained."""

    def moments(self) -> dict[str, Tensor]:
        """Return the optimizer's moments by `what/weight`."""
        return adam.dump(self.stepper.optimizer, self.stepper.weights)


class ManyDevices(AbstractContextManager["ManyDevices"]):
    """This process as rank 0, which decides, and a child per further device, which computes what it is sent.

    Children hold the weights, not the examples: a step's batches are collated here and sent.
    """

    def __init__(self, learner: Learner, begin: Begin) -> None:
        self.learner, self.begin = learner, begin
        self.ranks, self.sharded = begin.placement.devices, begin.placement.sharding == "full"

    def __enter__(self) -> "ManyDevices":
        with ExitStack() as stack:
            threads = max(1, torch.get_num_threads() // self.ranks)
            meeting = Path(_meetings().name) / str(next(_numbers))
            self.children: list[Child] = stack.enter_context(children(self.ranks - 1, threads))
            seat = Seat(0, self.ranks, str(meeting), self.begin.placement.device, threads)
            whole = dumps(self.begin)
            for child in self.children:
                child.tell(dumps(("begin", replace(seat, rank=child.rank))))
                child.tell(whole)
            with self._together():
                stack.enter_context(joined(seat, self._look))
            # A shard takes the place of its weight, so a copy is cut up and the learner's own module stays whole.
            begin = loads(whole) if self.sharded else self.begin
            with self._together():
                self.stepper: Stepper = begin.stepper()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> bool | None:
        # After a step that diverged all wait for the next one, unless they waited for one another amidst it.
        orderly = error[0] is None or (error[0] is Diverged and not self.sharded)
        try:
            if orderly:
                self._tell("end")
        finally:
            ended = self._stack.__exit__(*((None,) * 3 if orderly else error))
        return ended

    def step(self, parts: list[Rows], order: Order) -> float | None:
        """Take a step on all devices and return its loss; or None, and nothing has changed, where memory ran out.

        Raises:
            UserError: if a process was lost, or memory ran out where weights are sharded.
        """
        for child in self.children:
            child.tell(dumps(("step", order, list(self._pieces(parts, order, child.rank)))))
        own = self._pieces(parts, order, 0)
        if self.sharded:
            with self._together():
                loss: float | None = self.stepper.gradients(order, own)
        else:
            loss = self.stepper.tried(order, own)
        losses = [loss, *(child.hear()["loss"] for child in self.children)]
        if None in losses:
            self.stepper.forget()
            self._tell("forget")
            return None
        total: float = sum(one for one in losses if one is not None)
        check(total, order, self.stepper.settings)
        touched = [weight.grad is not None for weight in self.stepper.weights.values()]
        self._tell("update", order, touched)
        with self._together():
            if not self.sharded:
                sum_gradients(self.stepper.weights, touched)
            self.stepper.update(order)
        return total

    def recompute(self) -> None:
        """Keep less of each layer from here on, on every device."""
        self._tell("recompute")
        recompute(self.stepper.module)

    def gather(self) -> None:
        """Bring the learner's module up to date."""
        if not self.sharded:
            return
        from haoqi.train.sharding import whole

        self._tell("gather")
        own = adam.trainable(self.learner.module)
        with self._together(), torch.no_grad():
            for name, shard in self.stepper.weights.items():
                own[name].copy_(whole(shard))

    def moments(self) -> dict[str, Tensor]:
        """Return the optimizer's moments, whole, by `what/weight`."""
        found = adam.dump(self.stepper.optimizer, self.stepper.weights)
        if not self.sharded:
            return found
        from haoqi.train.sharding import whole

        self._tell("moments")
        with self._together():
            return {name: whole(shard).cpu() for name, shard in found.items()}

    def _pieces(self, parts: list[Rows], order: Order, rank: int) -> Iterator[tuple[Any, float]]:
        for rows, counts in share(parts, rank, self.ranks, divisible=self.learner.divisible, even=self.sharded):
            yield self.learner.batches.collate(rows), order.weight if counts else math.inf

    def _tell(self, *message: Any) -> None:
        for child in self.children:
            child.tell(dumps(message))

    def _look(self) -> None:
        for child in self.children:
            child.check()

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Explain what goes wrong where processes wait for one another: most likely one of them is no more."""
        try:
            yield
        except RuntimeError as error:
            if ran_out(error):
                raise UserError(
                    "memory ran out amidst a step of sharded weights, which cannot be taken again",
                    "more --devices hold smaller shards; a smaller batch_size or max_tokens needs less",
                ) from error
            for child in self.children:
                if child.ended_soon():
                    raise child.lost() from error
            raise


def share(
    parts: list[Rows], rank: int, ranks: int, *, divisible: bool = True, even: bool = False
) -> list[tuple[Rows, bool]]:
    """Return a process' rows of a step, a list of (part, whether it counts).

    Whole parts go round; those left over are cut, so that all compute about as many rows.

    Args:
        parts: of the step.
        rank: whose.
        ranks: how many processes there are.
        divisible: whether a part may be cut.
        even: whether all must compute as many parts, for which a row is computed that does not count.
    """
    rounds = len(parts) // ranks * ranks
    mine = [(rows, True) for rows in parts[rank:rounds:ranks]]
    for number, rows in enumerate(parts[rounds:]):
        own = rows[rank::ranks] if divisible else rows[: len(rows) * (number % ranks == rank)]
        if len(own):
            mine.append((own, True))
        elif even:
            mine.append((rows[:1], False))
    return mine
