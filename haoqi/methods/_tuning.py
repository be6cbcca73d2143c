"""What the gradient methods share: from a job to a learner, and from trained weights to a predictor."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.preparing.split import some_rows
from haoqi.methods._constant_answer import learnt_nothing
from haoqi.methods._context_targets import context_targets
from haoqi.methods._teacher import distilled
from haoqi.methods.method import Job, Progress
from haoqi.models.bases import Base, load_encoder, load_tokenizer
from haoqi.models.encoders.encoder import EncoderModel
from haoqi.models.encoders.entity_markers import PLACES
from haoqi.models.encoders.model_input import Reader, Reading, scores_of
from haoqi.models.encoders.pair_features import pairing_for
from haoqi.models.encoders.placement import Placement, probed
from haoqi.models.encoders.word_shapes import SHAPES, lowers
from haoqi.models.predictors.encoder import Encoder
from haoqi.tasks.words import split_at_spans
from haoqi.train.distributed.group import agree
from haoqi.train.loop.example_batches import ExampleBatches
from haoqi.train.loop.loop import Learner, Outcome, fit
from haoqi.train.memory.memory_plan import footprint_of
from haoqi.train.memory.recompute import stack_of
from haoqi.train.objectives.adversarial import Adversary
from haoqi.train.objectives.context_losses import context_gap, context_loss
from haoqi.train.objectives.early_learning import MOMENTUM, EarlyLearning
from haoqi.train.objectives.losses import (
    Loss,
    balanced,
    balanced_presence,
    label_gap,
    label_loss,
    labels_gap,
    labels_loss,
    number_gap,
    number_loss,
)
from haoqi.train.objectives.objective import Contrast, Objective
from haoqi.train.objectives.shared_dropout import hidden, learning_layers
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques

# The validation examples that decide which weights are better; more would cost training time.
_MAX_VALIDATION = 1000


@dataclass(frozen=True)
class TrainingSetup:
    """A job that is ready for training: the model, and the examples as it reads them."""

    job: Job
    base: Base
    model: EncoderModel
    reader: Reader
    train: Reading
    valid: Reading
    validation: Examples
    """The validation examples that `valid` holds."""
    targets: npt.NDArray[Any]
    """One row per text, or per word; of contexts per row of scores, see `context_targets`."""
    placement: Placement
    begun: float = field(default_factory=time.monotonic)
    weights: npt.NDArray[np.float32] | None = None
    """How much each target counts; None: all alike."""
    beliefs: npt.NDArray[np.float32] | None = None
    """What is believed of each label of a row, shape (n, labels); None: the given ones alone count."""
    first: int = 0
    """The lowest layer that learns, counted from the bottom."""
    scale: tuple[float, float] = (0.0, 1.0)
    """Mean and spread of the numbers that are learnt, which are learnt as multiples of the spread about the mean."""

    @property
    def counting(self) -> npt.NDArray[np.float32]:
        """How much each target counts, in numbers."""
        return np.ones(len(self.targets), np.float32) if self.weights is None else self.weights

    @property
    def seconds(self) -> float | None:
        """What is left of the job's time."""
        return None if self.job.seconds is None else self.job.seconds - (time.monotonic() - self.begun)


def prepare_training(job: Job, max_tokens: int, *, dropout: float = 0.0, layers: int | None = None) -> TrainingSetup:
    """Return a job with its base loaded and its examples read.

    Args:
        job: what to learn.
        max_tokens: longest window; the base's limit counts too.
        dropout: share of the head's inputs that are hidden in training.
        layers: how many upper layers will be trained; None: all.
    """
    assert job.base is not None
    begun, base, output = time.monotonic(), job.base, job.task.output
    words, contexts = output.kind.of_words, output.kind.of_context
    tokenizer = load_tokenizer(base)
    reader = Reader(
        tokenizer,
        min(max_tokens, base.card.max_tokens),
        "" if words or contexts else base.card.prefix,
        words=words,
        shapes=(words or contexts) and lowers(tokenizer),
        pairing=pairing_for(job.task),
        contexts=contexts,
    )
    marked = reader.pairing == "marked"
    model = EncoderModel(
        without_dropout(load_encoder(base)),
        output.width,
        pooling=None if words or contexts or marked else base.card.pooling,
        normalise=not words and not contexts and not reader.pairing,
        dropout=dropout,
        shapes=len(SHAPES) if reader.shapes else 0,
        shapes_enter=0 if layers is None else boundary(base, layers),
        places=PLACES if marked else 0,
    )
    return read_examples(job, model, reader, begun, first=0 if layers is None else boundary(base, layers))


def read_examples(job: Job, model: EncoderModel, reader: Reader, begun: float, *, first: int = 0) -> TrainingSetup:
    """Return a job whose model is there, with its examples read.

    Args:
        job: what to learn.
        model: what is trained.
        reader: how it reads.
        begun: when the fit began, by `time.monotonic`.
        first: the lowest layer that learns.
    """
    assert job.base is not None
    base, output = job.base, job.task.output
    words, contexts = output.kind.of_words, output.kind.of_context
    train = split_at_spans(job.train) if words else job.train
    found = output.targets(train)
    scale = _scale(found, train) if output.kind.is_number else (0.0, 1.0)
    if reader.pairing == "symmetric":  # half of the pairs are learnt the other way round
        train = train.exchanged(seeds.generator(job.seed, "sides").permutation(len(train))[::2])
    rng = seeds.generator(job.seed, "looks")
    validation = job.valid.take(some_rows(job.valid, _MAX_VALIDATION, rng))
    tokenize = partial(job.store.tokenize, base)
    reading = reader.read(train, tokenize)
    if not len(reading.ids):
        raise UserError("the training texts hold no words", "check which column holds the text")
    targets, weights = context_targets(job, reading, found) if contexts else _targets(job, found, scale)
    return TrainingSetup(
        job,
        base,
        model,
        reader,
        reading,
        reader.read(validation, tokenize),
        validation,
        targets,
        _placement(job),
        begun,
        weights,
        None if job.train.beliefs is None else np.asarray(job.train.beliefs, np.float32),
        first,
        scale,
    )


def _targets(
    job: Job, found: Any, scale: tuple[float, float]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32] | None]:
    """Return the targets of texts, or of all words one after another, and how much each counts."""
    if job.task.output.kind.of_words:
        return np.concatenate(found), _weights(job.train, [len(one) for one in found])
    return _scaled(np.asarray(found), scale), _weights(job.train, None)


def _scale(numbers: npt.NDArray[np.float32], train: Examples) -> tuple[float, float]:
    """Return the mean and the spread of numbers, 1 where they are all the same."""
    mean = float(np.average(numbers, weights=train.counting))
    spread = float(np.sqrt(np.average((numbers - mean) ** 2, weights=train.counting)))
    return mean, spread if spread > 1e-9 * max(1.0, abs(mean)) else 1.0


def _scaled(targets: npt.NDArray[Any], scale: tuple[float, float]) -> npt.NDArray[Any]:
    """Return numbers as multiples of their spread about their mean; anything else as it is."""
    mean, spread = scale
    return targets if scale == (0.0, 1.0) else ((targets - mean) / spread).astype(np.float32)


def _placement(job: Job) -> Placement:
    """Return where a job computes; each rank has timed its arithmetic for itself, and all use the same."""
    found = replace(probed(), devices=job.devices, sharding=job.sharding)
    return replace(found, precision="bf16" if agree(found, found.precision == "bf16") else "fp32")


def _weights(train: Examples, words: list[int] | None) -> npt.NDArray[np.float32] | None:
    """Return how much each text counts, or each word where texts have so many."""
    if train.weights is None:
        return None
    counting = train.counting.astype(np.float32)
    return counting if words is None else np.repeat(counting, words)


def boundary(base: Base, layers: int) -> int:
    """Return the lowest layer that is trained when so many upper ones are."""
    return max(0, base.card.layers - layers)


def without_dropout(encoder: Any) -> Any:
    """Return an encoder that hides nothing of its states in training.

    On a CPU the drawing of masks costs more than the matrix products; the head has a dropout of its own.
    """
    from torch.nn import Dropout

    for module in encoder.modules():
        if isinstance(module, Dropout):
            module.p = 0.0
    return encoder


def train(
    setup: TrainingSetup,
    settings: TrainSettings,
    techniques: Techniques,
    multiplier: Callable[[str], float] = lambda name: 1.0,
    *,
    started: bool = True,
    refine: Callable[[Learner], Learner] = lambda learner: learner,
) -> Outcome:
    """Train the parameters of a model that require a gradient; the model holds the best weights afterwards.

    Args:
        setup: the model, and the examples that it learns from.
        settings: how long and how fast; all else that the loop is told is among the techniques.
        techniques: what is done against learning the examples by heart.
        multiplier: a weight's name to its learning rate, as a multiple of the setting.
        started: whether the head was given a start, which may be the best there is where numbers are noisy.
        refine: adds to the learner what a method needs beside its loss.

    Raises:
        UserError: if techniques contradict each other, or the base does not allow them.
    """
    techniques.check()
    sizes, copies = (settings.batch_size, settings.batch_tokens), techniques.copies
    device = setup.placement.device
    footprint = footprint_of(setup.model, int(setup.train.lengths.max()))
    loss = _loss(setup, techniques)
    early = _early(setup, loss)
    taught = distilled(setup, techniques, early or loss, numbered=early is not None)
    targets = setup.targets if early is None and taught is None else np.arange(len(setup.targets))
    layers = len(stack_of(getattr(setup.model, "encoder", setup.model)))
    learner = Learner(
        setup.model,
        ExampleBatches(setup.train, targets, *sizes, device, setup.weights, copies),
        _objective(setup, techniques, taught or early or loss, numbered=targets is not setup.targets),
        rows=len(setup.train.ids),
        tokens=int(techniques.effort * setup.train.lengths.sum()),
        score=_score(setup) if len(setup.validation) else None,
        evaluates_first=started and setup.job.task.output.kind.is_number and not setup.reader.pairing,
        score_tokens=int(setup.valid.lengths.sum()),
        score_rows=len(setup.validation),
        multiplier=techniques.slower(multiplier, layers),
        waits=techniques.waits(layers),
        memory={} if early is None else {"remembered": early.remembered},
        footprint=footprint and replace(footprint, longest=copies * footprint.longest),
    )
    with hidden(learning_layers(setup.model), techniques.dropout if techniques.r_drop else 0.0):
        outcome = fit(
            refine(learner),
            techniques.applied(settings),
            seed=setup.job.seed,
            placement=setup.placement,
            folder=setup.job.folder,
            seconds=setup.seconds,
            to_beat=setup.job.to_beat,
            report=lambda share, note: setup.job.report(Progress(share, note)),
            tell=setup.job.note,
        )
    if (
        early is None
        and techniques.plain
        and learnt_nothing(
            setup.targets, setup.counting, loss, outcome.losses, outputs=setup.model.head.out_features, device=device
        )
    ):
        setup.job.note(say("fit.learnt_nothing"))
    if early is not None and early.learns:
        setup.job.remember(early.remembered.cpu().numpy())
    return outcome


def faster_head(times: float = 5.0) -> Callable[[str], float]:
    """Return each weight's learning rate as a multiple: higher for the head and all else that is new."""
    return lambda name: 1.0 if name.startswith("encoder.") else times


def build_predictor(setup: TrainingSetup, tuned: frozenset[str] | None = None) -> Encoder:
    """Return the predictor of a trained model.

    Args:
        setup: after training.
        tuned: names of the encoder's weights that changed; None: those that require a gradient.
    """
    if tuned is None:
        tuned = frozenset(name for name, value in setup.model.encoder.named_parameters() if value.requires_grad)
    for value in setup.model.parameters():
        value.requires_grad_(False)
    if setup.scale != (0.0, 1.0):  # from here on the head gives numbers as they are
        mean, spread = setup.scale
        setup.model.head.weight.mul_(spread)
        setup.model.head.bias.mul_(spread).add_(mean)
    return Encoder.of(setup.model.eval(), setup.reader, setup.base, tuned)


def _objective(setup: TrainingSetup, techniques: Techniques, loss: Loss, *, numbered: bool) -> Objective:
    """Return the loss of a batch; its targets are the rows' own numbers where it is numbered."""
    import torch

    adversary = None
    if techniques.adversarial != "none":
        random = techniques.adversarial == "freelb"
        adversary = Adversary(setup.first, techniques.adversarial_radius, techniques.passes, random)
    kind = setup.job.task.output.kind
    gap = number_gap if kind.is_number else labels_gap if kind.several_classes else label_gap
    gap = context_gap if kind.of_context else gap
    mixup = 0.0 if kind.of_context else techniques.mixup  # a window's words have no others to be mixed with
    contrast = None
    if techniques.contrast and kind.has_classes and not kind.of_words:
        labels = torch.from_numpy(setup.targets).to(setup.placement.device) if numbered else None
        contrast = Contrast(techniques.contrast, techniques.contrast_temperature, labels)
    return Objective(loss, gap, techniques.r_drop, mixup, adversary, contrast)


def _early(setup: TrainingSetup, plain: Loss) -> EarlyLearning | None:
    """Return the loss that holds a training to what it answered early, where beliefs are there to begin from.

    No one of several devices sees every row, so there beliefs stay as they came.
    """
    import torch

    if setup.beliefs is None:
        return None
    place = setup.placement
    labels, beliefs = (torch.from_numpy(one).to(place.device) for one in (setup.targets, setup.beliefs))
    return EarlyLearning.of(plain, labels, beliefs, MOMENTUM if place.devices == 1 else 1.0)


def _loss(setup: TrainingSetup, techniques: Techniques) -> Loss:
    """Return the loss of the task's output."""
    many = setup.job.task.output.kind.several_classes
    if setup.job.task.output.kind.is_number:
        return number_loss()
    if setup.job.task.output.kind.of_context:
        return context_loss()
    weights, counting = None, setup.counting.astype(np.float64)
    if techniques.class_weights == "balanced":
        if many:
            weights = balanced_presence(counting @ setup.targets, float(counting.sum()))
        else:
            weights = balanced(np.bincount(setup.targets, counting, minlength=setup.model.head.out_features))
        weights = weights.to(setup.placement.device)
    return (labels_loss if many else label_loss)(techniques.label_smoothing, weights, techniques.focal)


def _score(setup: TrainingSetup) -> Callable[[], float]:
    """Return a function that scores the model on the validation examples."""
    task, asked = setup.job.task, setup.validation

    def score() -> float:
        scores = scores_of(setup.model, setup.valid, setup.placement)
        if setup.scale != (0.0, 1.0):
            scores = (np.asarray(scores) * setup.scale[1] + setup.scale[0]).astype(np.float32)
        fitted = task.output.calibrate(scores, asked, task.metric)  # as it will be judged
        answers = task.output.decode(scores, asked, **fitted)
        return task.metric.merit_of(asked, answers, task)

    return score
