"""A generator and a discriminator of vectors, trained against each other by the one gradient loop."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from haoqi.methods.method import Job, Progress
from haoqi.models.encoders.placement import Placement, own_randomness
from haoqi.models.encoders.tokens import Rows
from haoqi.models.predictors.embedding_network import SLOPE
from haoqi.train.loop.loop import Learner, fit
from haoqi.train.settings import TrainSettings

if TYPE_CHECKING:
    from haoqi.methods.gan_bert import GanBert

Floats = npt.NDArray[np.float32]
Learnt = tuple[Floats, Floats, Floats, Floats]
"""Hidden weights and biases, directions and intercept, for vectors as the base gives them."""

_NOISE = 100
_HALF = 32
_READ_SHARE = 0.5


@dataclass(frozen=True)
class Play:
    """Vectors to learn from: those of labelled texts first, then those of unlabelled ones."""

    vectors: Floats
    targets: npt.NDArray[Any]
    """Label numbers of the first ones, shape (labelled,)."""
    counting: Floats
    """How much each of these counts."""
    labels: int


class Real(NamedTuple):
    """A batch of real vectors."""

    vectors: Tensor
    targets: Tensor
    """Label numbers; -1: unlabelled."""
    counting: Tensor


class Discriminator(nn.Module):
    """Says of vectors which label they have, the last answer being that they are false."""

    def __init__(self, width: int, hidden: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.inside = nn.Linear(width, hidden)
        self.head = nn.Linear(hidden, labels + 1)

    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden units, shape (n, hidden), and logits, shape (n, labels + 1)."""
        found = functional.leaky_relu(self.inside(self.dropout(vectors)), SLOPE)
        return found, self.head(self.dropout(found))


class Game(nn.Module):
    """Both networks."""

    def __init__(self, width: int, settings: "GanBert", labels: int) -> None:
        super().__init__()
        self.discriminator = Discriminator(width, settings.hidden, labels, settings.dropout)
        self.generator = nn.Sequential(
            nn.Linear(_NOISE, settings.hidden), nn.LeakyReLU(SLOPE), nn.Linear(settings.hidden, width)
        )


@dataclass(frozen=True)
class RealBatches:
    """Half of each step is labelled, drawn anew when all were; the rest is drawn from the unlabelled ones."""

    play: Play
    vectors: Tensor

    def epoch(self, rng: np.random.Generator) -> list[list[Rows]]:
        """Return steps until every vector was in one, labelled ones several times if they are the fewer."""
        known = len(self.play.targets)
        others = len(self.play.vectors) - known
        steps = max(math.ceil(known / _HALF), math.ceil(others / _HALF))
        first = _repeated(np.arange(known), steps * _HALF, rng).reshape(steps, _HALF)
        if not others:
            return [[rows] for rows in first]
        second = _repeated(known + np.arange(others), steps * _HALF, rng).reshape(steps, _HALF)
        return [[rows] for rows in np.concatenate([first, second], axis=1)]

    def collate(self, rows: Rows) -> Real:
        """Return these vectors with what is known of them."""
        known = rows < len(self.play.targets)
        at = np.where(known, rows, 0)
        targets = np.where(known, self.play.targets[at], -1).astype(np.int64)
        counting = np.where(known, self.play.counting[at], 0.0).astype(np.float32)
        return Real(self.vectors[torch.from_numpy(rows)], torch.from_numpy(targets), torch.from_numpy(counting))

    def weight(self, rows: Rows) -> float:
        """Return the number of vectors."""
        return float(len(rows))


def play(given: Play, settings: "GanBert", job: Job, score: Callable[[Learnt], float] | None) -> Learnt:
    """Return the discriminator after the game, without its last answer.

    Args:
        given: what is learnt from.
        settings: how large the networks are, and how long they play.
        job: seed, time, checkpoint and whoever follows.
        score: of a discriminator on validation examples; None: there are none.
    """
    centre = given.vectors.mean(axis=0)
    spread = given.vectors.std(axis=0)
    spread = np.maximum(spread, max(float(spread.mean()) / 10, 1e-6))
    with own_randomness("cpu"):
        torch.manual_seed(job.seed % 2**31)
        game = Game(given.vectors.shape[1], settings, given.labels)
    batches = RealBatches(given, torch.from_numpy((given.vectors - centre) / spread))
    per_epoch = len(batches.epoch(np.random.default_rng(0)))
    epochs = max(1, round(settings.steps / per_epoch))
    learner = Learner(
        game,
        batches,
        lambda module, real: game_loss(module, real, given.labels, settings.unlabelled),
        rows=len(given.vectors),
        tokens=len(given.vectors),
        score=None if score is None else lambda: score(_learnt(game, centre, spread)),
        score_tokens=settings.steps,  # so that there are some twenty evaluations
        divisible=False,  # the generator is held against the mean of a step
    )
    how = TrainSettings(settings.learning_rate, epochs, 2 * _HALF, evaluations=1, patience=1000)
    fit(
        learner,
        how,
        seed=job.seed,
        placement=Placement(),
        folder=job.folder,
        seconds=job.seconds,
        report=lambda share, note: job.report(Progress(_READ_SHARE + (1 - _READ_SHARE) * share, note)),
        tell=job.note,
    )
    return _learnt(game, centre, spread)


def game_loss(game: Any, real: Real, labels: int, unlabelled: float) -> Tensor:
    """Return the losses of both networks, each with gradients for its own weights only, times the vectors of the step.

    The discriminator names the labels and tells real from false; the generator wants to be held for real, and its
    vectors to excite the hidden units as real ones do (feature matching).
    """
    hidden, logits = game.discriminator(real.vectors)
    every, right = torch.logsumexp(logits, dim=1), torch.logsumexp(logits[:, :labels], dim=1)
    known = real.targets >= 0
    named = functional.cross_entropy(logits[known, :labels], real.targets[known], reduction="none")
    supervised = (real.counting[known] * named).sum() / real.counting[known].sum().clamp(min=1e-6)
    false = game.generator(torch.randn(len(real.vectors), _NOISE))
    _, about_false = game.discriminator(false.detach())
    caught = (torch.logsumexp(about_false, dim=1) - about_false[:, labels]).mean()
    fixed = {name: weight.detach() for name, weight in game.discriminator.named_parameters()}
    excited, believed = functional_call(game.discriminator, fixed, (false,))
    held_real = (torch.logsumexp(believed, dim=1) - torch.logsumexp(believed[:, :labels], dim=1)).mean()
    alike = (hidden.detach().mean(dim=0) - excited.mean(dim=0)).pow(2).mean()
    loss: Tensor = supervised + unlabelled * ((every - right).mean() + caught) + held_real + alike
    return loss * len(real.vectors)


def _learnt(game: Game, centre: Floats, spread: Floats) -> Learnt:
    """Return the discriminator's arrays for vectors as they come, the answer that they are false left out."""
    own = game.discriminator
    with torch.no_grad():
        weights = own.inside.weight.numpy().T / spread[:, None]
        biases = own.inside.bias.numpy() - centre @ weights
        directions, intercept = own.head.weight.numpy()[:-1].T, own.head.bias.numpy()[:-1]
    found = (weights, biases, directions, intercept)
    return tuple(np.ascontiguousarray(one, np.float32) for one in found)  # type: ignore[return-value]


def _repeated(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Return so many of some rows, all of them once before any comes again."""
    times = math.ceil(count / len(rows))
    return np.concatenate([rng.permutation(rows) for _ in range(times)])[:count]
