"""Contrastive fine-tuning, then a linear head (SetFit: Tunstall et al., 2022, arXiv:2209.11055).

The encoder learns to put texts of one label together and others apart, which teaches it more from a few
examples than their labels alone: n texts make n squared pairs. Every text of a batch is compared with every other
(supervised contrastive loss: Khosla et al., 2020, arXiv:2004.11362), so no pair is computed twice. What the labels
are called is learnt from like texts: it says what a few examples leave open. Prefer it with
8 to 100 examples per label; with more, `full` learns as much from them, sooner.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from haoqi.core import seeds
from haoqi.core.config import Choices, Range
from haoqi.core.say import say
from haoqi.data.answers import CLASSES_OF_TEXTS, Accepts
from haoqi.methods._heads import fit_head, head_solver
from haoqi.methods._names import NAMING_TOKENS, NAMINGS, with_names
from haoqi.methods._tuning import TrainingSetup, build_predictor, prepare_training
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Load, Size, Tuning, Work, tuned
from haoqi.models.encoders.batch_order import in_batches
from haoqi.models.encoders.encoder import Batch
from haoqi.models.encoders.model_input import Reading
from haoqi.models.encoders.tokens import Rows
from haoqi.models.predictor import Predictor
from haoqi.train.loop.loop import Learner, fit
from haoqi.train.memory.memory_plan import footprint_of
from haoqi.train.memory.recompute import stack_of
from haoqi.train.objectives.contrast import contrast_loss, shared_labels
from haoqi.train.optimization import Optimization
from haoqi.train.settings import TrainSettings

# Of a job's time, what contrasting may take; the rest is for the head.
_CONTRAST_SHARE = 0.8
# Rows that are contrasted: beyond, other methods learn more per second.
_MOST_ROWS = 2000
# Texts that are encoded at once. Those of a step differ in length; eight neighbours in length among 16 to 32 are padded
# about as much as four at random.
_TOGETHER, _PADDED = 8, 4
# Three epochs of a handful of texts would teach next to nothing: see docs/decisions/methods.md.
_LEAST_STEPS, _STEPS_PER_EPOCH = 10, 2


@methods.register
@dataclass(frozen=True)
class Setfit(Optimization):
    """How long texts are compared, and how sharply."""

    accepts: ClassVar[Accepts] = CLASSES_OF_TEXTS
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (2, 0)

    learning_rate: Annotated[float, Range(1e-5, 5e-4, log=True)] = 2e-4
    """Step size of the uppermost layer at the end of warm-up."""
    epochs: Annotated[int, Range(1, 10)] = 3
    """How often every text is compared with a batch of others; more often where that is less than ten steps."""
    batch_size: Annotated[int, Range(8, 128, log=True)] = 32
    """Texts that are compared with one another; at most half of all, or eight."""
    temperature: Annotated[float, Range(0.02, 0.5, log=True)] = 0.1
    """How sharply: low weighs the nearest texts most."""
    named: Annotated[bool, Choices(True, False)] = True
    """Whether the labels' names, and short sentences with them, are learnt from as well."""
    layer_decay: Annotated[float, Range(0.5, 1.0, search=False)] = 0.9
    """Each layer's learning rate as a share of that of the layer above."""
    max_tokens: Annotated[int, Range(16, 512, log=True, search=False)] = 256
    """Tokens of a text that are read."""

    def fit(self, job: Job) -> Predictor:
        """Return the encoder tuned on pairs of job.train, with a logistic head on what it then says."""
        job = replace(job, devices=1, sharding="none")  # nothing of a step could be shared
        setup = prepare_training(with_names(job) if self.named else job, self.max_tokens)
        _freeze_for_contrast(setup)
        rows = _spread(setup.targets, seeds.generator(job.seed, "rows"))
        epochs, batch_size = self._schedule(len(rows))
        sizes = (rows, batch_size)
        batches = ContrastBatches(setup.train, setup.targets, *sizes, setup.counting, setup.placement.device)
        settings = self.applied(TrainSettings(learning_rate=self.learning_rate, epochs=epochs, batch_size=batch_size))
        layers = len(stack_of(setup.model.encoder))
        learner = Learner(
            setup.model,
            batches,
            contrast(self.temperature),
            rows=len(rows),
            tokens=int(setup.train.lengths[rows].sum()),
            multiplier=self.slower(lambda name: 1.0, layers),
            waits=self.waits(layers),
            divisible=False,  # every text is compared with all others
            footprint=footprint_of(setup.model, int(setup.train.lengths[rows].max())),
        )
        fit(
            learner,
            settings,
            seed=job.seed,
            placement=setup.placement,
            folder=job.folder,
            seconds=None if setup.seconds is None else setup.seconds * _CONTRAST_SHARE,
            report=lambda share, note: job.report(Progress(share * _CONTRAST_SHARE, note)),
            tell=job.note,
        )
        job.report(Progress(_CONTRAST_SHARE, say("fit.head")))
        weight, bias = fit_head(
            _features(setup, rows),
            setup.targets[rows],
            setup.model.head.out_features,
            weights=setup.counting[rows],
        )
        with torch.no_grad():
            setup.model.head.weight.copy_(torch.from_numpy(weight))
            setup.model.head.bias.copy_(torch.from_numpy(bias))
        return build_predictor(setup)

    def work(self, size: Size) -> Work:
        """Learning on at most 2,000 rows, and a pass for the head."""
        names = NAMINGS * size.labels if self.named else 0
        rows, learnt = min(size.train_rows + names, _MOST_ROWS), _with_short(size, names)
        moved = 12.0 * size.layers * size.width**2
        epochs, batch_size = self._schedule(rows)
        how = Tuning(
            epochs, batch_size, self.max_tokens, size.layers, moved, rows=rows, evaluates=False, padded=_PADDED
        )
        work = tuned(learnt, how)
        head = Load(forward=rows * learnt.forward(self.max_tokens, size.layers)) + head_solver(size, rows)
        return replace(work, fit=work.fit + head, score=tuned(size, how).score)

    def _schedule(self, rows: int) -> tuple[int, int]:
        """Return how often so many texts are gone through, and how many at a time."""
        batch_size = min(self.batch_size, max(_TOGETHER, -(-rows // _STEPS_PER_EPOCH)))
        steps = max(1, -(-rows // batch_size))
        return max(self.epochs, -(-_LEAST_STEPS // steps)), batch_size


@dataclass(frozen=True)
class ContrastBatches:
    """Batches in which every label has company: pairs of like texts beside unlike ones."""

    reading: Reading
    targets: npt.NDArray[Any]
    rows: Rows
    """Those that are compared."""
    batch_size: int
    counting: npt.NDArray[np.float32]
    """How much each text counts."""
    device: str = "cpu"

    def epoch(self, rng: np.random.Generator) -> list[list[Rows]]:
        """Return every row once, two by two with one of its label where there are two."""
        couples: list[Rows] = []
        single: list[int] = []
        for members in _by_label(self.targets, rng.permutation(self.rows)):
            couples += [np.array(members[at : at + 2]) for at in range(0, len(members) - 1, 2)]
            single += members[-1:] if len(members) % 2 else []
        couples += [np.array(single[at : at + 2]) for at in range(0, len(single), 2)]
        size = max(1, self.batch_size // 2)
        order = rng.permutation(len(couples))
        steps = [[couples[number] for number in order[at : at + size]] for at in range(0, len(order), size)]
        return [[np.concatenate(step)] for step in steps]

    def collate(self, rows: Rows) -> tuple[list[Batch], Tensor, Tensor]:
        """Return texts in some batches of like length, which are alike: 0/1, shape (rows, rows), and what each counts.

        The order of all three is that of the batches.
        """
        rows = rows[np.argsort(self.reading.lengths[rows], kind="stable")]
        alike, counting = shared_labels(torch.from_numpy(self.targets[rows])), torch.from_numpy(self.counting[rows])
        read = [self.reading.collate(rows[at : at + _TOGETHER], self.device) for at in range(0, len(rows), _TOGETHER)]
        return read, alike.to(self.device), counting.to(self.device)

    def weight(self, rows: Rows) -> float:
        """Return the number of texts, each counted by its weight."""
        return float(self.counting[rows].sum())


def contrast(temperature: float) -> Callable[[nn.Module, Any], Tensor]:
    """Return the supervised contrastive loss of a batch, summed over the texts that have company."""

    def loss(module: Any, batch: tuple[list[Batch], Tensor, Tensor]) -> Tensor:
        vectors = torch.cat([module.features(part).float() for part in batch[0]])
        return contrast_loss(vectors, batch[1], batch[2], temperature)

    return loss


def _with_short(size: Size, count: int) -> Size:
    """Return a size some of whose texts are as short as a named label."""
    known = size.lengths or (round(size.tokens),)
    short = round(len(known) * count / max(1, size.train_rows))
    return replace(size, lengths=known + (NAMING_TOKENS,) * short) if short else size


def _freeze_for_contrast(setup: TrainingSetup) -> None:
    """Let only the layers learn: the head is fitted afterwards, the embedding table stays."""
    setup.model.head.requires_grad_(False)
    embeddings = getattr(setup.model.encoder, "embeddings", None)
    if embeddings is not None:
        embeddings.requires_grad_(False)


def _features(setup: TrainingSetup, rows: Rows) -> npt.NDArray[np.float32]:
    """Return what the head reads of these rows."""
    found = np.zeros((len(rows), setup.model.head.in_features), dtype=np.float32)
    for chosen in in_batches([setup.train.ids[row] for row in rows]):
        batch = setup.train.collate(rows[chosen], setup.placement.device)
        with torch.inference_mode(), setup.placement.arithmetic():
            found[chosen] = setup.model.features(batch).float().cpu().numpy()
    return found


def _spread(targets: npt.NDArray[Any], rng: np.random.Generator) -> Rows:
    """Return at most so many rows that all labels share them evenly."""
    members = _by_label(targets, rng.permutation(len(targets)))
    found: list[int] = []
    for place in range(max(len(rows) for rows in members)):
        found += [rows[place] for rows in members if place < len(rows)]
        if len(found) >= _MOST_ROWS:
            break
    return np.sort(np.array(found[:_MOST_ROWS], dtype=np.int64))


def _by_label(targets: npt.NDArray[Any], rows: Rows) -> list[list[int]]:
    """Return the rows of each label, or of each set of labels, in the order given."""
    found: dict[bytes, list[int]] = {}
    for row in rows.tolist():
        found.setdefault(targets[row].tobytes(), []).append(row)
    return [found[key] for key in sorted(found)]
