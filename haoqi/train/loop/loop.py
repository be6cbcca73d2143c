"""The one gradient loop: a method says what is trained on what, and nothing else reaches in."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from haoqi.core import seeds
from haoqi.core.say import say
from haoqi.models.encoders.placement import Placement, own_randomness
from haoqi.models.encoders.tokens import Rows
from haoqi.train.distributed.group import agree, agreed, rank_of
from haoqi.train.loop import averaging, checkpoint
from haoqi.train.loop.checkpoint import State, Weights
from haoqi.train.loop.early_stopping import given_up
from haoqi.train.loop.learner import Learner
from haoqi.train.loop.optimizer import trainable
from haoqi.train.loop.schedule import Clock, rate
from haoqi.train.loop.step import Diverged, Order, Steps, steps_of
from haoqi.train.memory import memory_plan
from haoqi.train.memory.recompute import recompute
from haoqi.train.settings import TrainSettings

__all__ = ["Diverged", "Learner", "Outcome", "fit"]

# Of the training's cost, what evaluations may cost: a forward pass is a third of a step.
_EVALUATION_SHARE = 0.1
_FORWARD_SHARE = 1 / 3
_REPORTS_PER_SECOND = 4
# A checkpoint of a small base takes half a second.
_CHECKPOINT_SECONDS = 60.0
_KEPT_LOSSES = 200


@dataclass(frozen=True)
class Outcome:
    """What a training came to; the module holds the best weights."""

    steps: int
    seconds: float
    score: float | None
    """Of the best weights; None where nothing was evaluated."""
    scores: list[tuple[int, float]]
    losses: list[tuple[int, float]]
    ended: str
    """Why: "done", "time", "patience", or "hopeless" where what is to be beaten was out of reach."""


def fit(
    learner: Learner,
    settings: TrainSettings,
    *,
    seed: int,
    placement: Placement = Placement(),  # noqa: B008 - frozen
    folder: Path | None = None,
    seconds: float | None = None,
    to_beat: float | None = None,
    report: Callable[[float, str], None] = lambda share, note: None,
    tell: Callable[[str], None] = lambda fact: None,
) -> Outcome:
    """Train until the epochs or the time are over, then leave the best weights in the module.

    Everything random is a function of the seed and the step, so that a resumed training equals one that was
    never stopped, to the bit on a CPU. With a time limit, the share of the training that is behind is that of
    the steps or of the time, whichever is larger: the step size has always come down to 0 at the end.

    Args:
        learner: what is trained on what.
        settings: how.
        seed: decides the order of the batches and what dropout hides.
        placement: where, and in which precision.
        folder: where a checkpoint is kept, and looked for first; it is removed at the end.
        seconds: time this call may take; at least one step is taken.
        to_beat: the validation score that the weights should come up to: the training ends once its scores say, even
            when continued with optimism, that they will not; None: it goes on to the end.
        report: called a few times per second with the share done, in [0, 1], and a short phrase.
        tell: called with what should be remembered of this training: that memory was short, or that it ended early.

    Raises:
        Diverged: if the loss becomes infinite or not a number.
        UserError: if memory runs out even a row at a time, or at all on several devices.
    """
    learner = replace(learner, score=learner.score and agreed(placement, learner.score))
    learner.module.to(placement.device)
    weights = trainable(learner.module)
    kept = Weights(weights, memory=learner.memory)
    whose = checkpoint.identity(settings, seed, weights, learner.rows)
    state = (checkpoint.read(folder, whose, kept) if folder else None) or _begun(learner, settings, placement)
    for fact in state.facts:
        tell(fact)
    limit = None if seconds is None else agree(placement, seconds)
    clock = Clock(limit, state.spent_seconds, agreed(placement, time.monotonic))
    with (
        own_randomness(placement.device),
        steps_of(learner, settings, placement, kept.moments, recomputed=state.parts.recomputed) as steps,
    ):
        kept.moments = {}
        training = _Training(learner, settings, seed, steps, kept, state, clock, to_beat, report, tell)

        def save() -> None:
            if folder:
                steps.gather()
                kept.moments = steps.moments()
                if rank_of(placement) == 0:
                    checkpoint.write(folder, whose, state, kept)
                kept.moments = {}

        ended = training.run(save)
        steps.gather()
    _settle(learner, kept, state)
    if folder and rank_of(placement) == 0:
        checkpoint.remove(folder)
    return Outcome(state.step, clock.elapsed(), state.best_score, state.scores, state.losses, ended)


def _settle(learner: Learner, kept: Weights, state: State) -> None:
    """Leave the best weights in the module: of an evaluation, or the mean where there is one and it scores no worse."""
    learner.module.eval()
    if state.averaged:
        averaging.put(kept)
        if state.best_score is not None and learner.score is not None:
            state.scores.append((state.step, learner.score()))
            if state.scores[-1][1] >= state.best_score:
                state.best_score = state.scores[-1][1]
                return
    if kept.best and (state.averaged or state.best_step != state.step):
        with torch.no_grad():
            for name, best in kept.best.items():
                kept.now[name].copy_(best)


def _begun(learner: Learner, settings: TrainSettings, placement: Placement) -> State:
    """Return the state of a training that begins, its parts small enough for the memory that is free."""
    state, footprint = State(), learner.footprint
    if footprint is None:
        return state
    most = settings.batch_size * footprint.longest
    tokens = min(most, max(settings.batch_tokens, footprint.longest)) if learner.divisible else most
    weights = sum(weight.numel() for weight in trainable(learner.module).values())
    if settings.keeps_mean:
        weights += weights // 4  # a fourth of what is held of each already: the mean is a further copy
    held = weights // placement.devices if placement.sharding == "full" else weights
    room = agree(placement, memory_plan.free_bytes(placement))
    state.parts = memory_plan.plan(footprint, tokens, held, room, divisible=learner.divisible)
    if words := state.parts.words(settings.batch_tokens):
        state.facts.append(say("train.memory.planned", parts=words))
    return state


@dataclass
class _Training:
    """The parts of one call of `fit`."""

    learner: Learner
    settings: TrainSettings
    seed: int
    steps: Steps
    kept: Weights
    state: State
    clock: Clock
    to_beat: float | None
    report: Callable[[float, str], None]
    tell: Callable[[str], None]
    total: int = 0
    """Steps of all epochs."""
    per_epoch: int = 0
    evaluation_seconds: float = 0.0
    """What the last evaluation took."""

    def run(self, save: Callable[[], None]) -> str:
        """Take the steps that are left, and return why no more were."""
        state, saved, reported, every = self.state, self.clock.elapsed(), -math.inf, 0
        if self.learner.evaluates_first and self.learner.score is not None and not (state.step or state.scores):
            self._evaluate()
        for parts in self._steps():
            every = every or self._steps_between_evaluations()
            share = self._share()
            if share >= 1 and state.step:
                ended = "time"
                break
            loss = self._step(parts, share)
            state.step += 1
            if self.settings.keeps_mean and averaging.due(state, self._share(), self.settings, self.total):
                self.steps.gather()
                averaging.take(state, self.kept, self.settings.ema)
            if state.step % every == 0 and state.step < self.total:
                self._evaluate()
                if ended := self._over():
                    return ended
            now = self.clock.elapsed()
            if now - reported >= 1 / _REPORTS_PER_SECOND:
                reported = now
                self.report(min(1.0, self._share()), self._note(loss))
            if now - saved >= _CHECKPOINT_SECONDS:
                state.spent_seconds = now
                save()
                saved = self.clock.elapsed()
        else:
            ended = "done"
        # A single evaluation decides nothing: the last weights are the only ones there are.
        if state.scores and state.scores[-1][0] != state.step:
            self._evaluate()
        self.report(1.0, self._note(state.losses[-1][1] if state.losses else 0.0))
        return ended

    def _steps(self) -> Iterator[list[Rows]]:
        """Give the steps that are left of all epochs, each epoch in an order of its own."""
        epoch = 0
        while epoch < self.settings.epochs:
            steps = self.learner.batches.epoch(seeds.generator(self.seed, "epoch", epoch))
            self.per_epoch, self.total = len(steps), len(steps) * self.settings.epochs
            behind = self.state.step - epoch * self.per_epoch
            yield from steps[max(0, behind) :]
            epoch += 1

    def _share(self) -> float:
        evaluations = 2 if self.settings.keeps_mean else 1
        reserved = evaluations * self.evaluation_seconds if self.state.scores else 0.0
        return max(self.state.step / self.total, self.clock.share(reserved))

    def _step(self, parts: list[Rows], share: float) -> float:
        """Learn from one step's rows and return their mean loss; where memory runs out, take it in smaller parts."""
        settings, state = self.settings, self.state
        # The first step would have size 0 in the middle of nothing: a step counts as half done.
        share = min(1.0, share + 0.5 / self.total)
        order = Order(
            state.step,
            seeds.number(self.seed, "dropout", state.step),
            settings.learning_rate * rate(share, settings.warmup, settings.schedule),
            sum(self.learner.batches.weight(rows) for rows in parts),
            share,
        )
        while (loss := self.steps.step(state.parts.cut(parts), order)) is None:
            self._lighten(max(map(len, parts)))
        if state.step % max(1, self.total // _KEPT_LOSSES) == 0:
            state.losses.append((state.step + 1, loss))
        return loss

    def _lighten(self, rows: int) -> None:
        """Compute less at once from here on, for memory ran out with parts of up to so many rows as they come."""
        before, state = self.state.parts, self.state
        state.parts = memory_plan.lighter(before, rows if self.learner.divisible else 1, self.learner.module)
        if state.parts.recomputed and not before.recomputed:
            recompute(self.learner.module)
        fact = say("train.memory.short", step=state.step + 1, parts=state.parts.words(self.settings.batch_tokens))
        state.facts.append(fact)
        self.tell(fact)

    def _evaluate(self) -> None:
        """Score the weights as they stand; keep a copy if no earlier ones were better."""
        assert self.learner.score is not None
        began, state = self.clock.elapsed(), self.state
        self.steps.gather()
        self.learner.module.eval()
        score = self.learner.score()
        state.scores.append((state.step, score))
        # Equal counts as better: the later weights had the smaller steps.
        if state.best_score is None or score >= state.best_score:
            state.stale = 0 if state.best_score is None or score > state.best_score else state.stale + 1
            state.best_score, state.best_step = score, state.step
            self.kept.best = {name: weight.detach().clone() for name, weight in self.kept.now.items()}
        else:
            state.stale += 1
        self.evaluation_seconds = self.clock.elapsed() - began

    def _over(self) -> str:
        """Return why the evaluation just made was the last one, or nothing."""
        state = self.state
        if state.stale >= self.settings.patience:
            return "patience"
        if self.to_beat is None:
            return ""
        fact = given_up(state.scores, self.total, self.learner.score_rows, self.to_beat)
        if fact:
            self.tell(fact)
        return "hopeless" if fact else ""

    def _steps_between_evaluations(self) -> int:
        """Return after how many steps to evaluate, so that this stays cheap; by tokens, never by the clock."""
        if self.learner.score is None or not self.settings.evaluations:
            return self.total + 1
        tokens_per_step = max(1, self.learner.tokens) / self.per_epoch
        cheap = _FORWARD_SHARE * self.learner.score_tokens / (_EVALUATION_SHARE * tokens_per_step)
        return max(1, math.ceil(self.per_epoch / self.settings.evaluations), math.ceil(cheap))

    def _note(self, loss: float) -> str:
        epoch = min(self.settings.epochs, self.state.step // max(1, self.per_epoch) + 1)
        facts = {"epoch": epoch, "epochs": self.settings.epochs, "loss": f"{loss:.3f}"}
        best = self.state.best_score
        return say("train.epoch", **facts) if best is None else say("train.epoch_scored", score=f"{best:.3f}", **facts)
