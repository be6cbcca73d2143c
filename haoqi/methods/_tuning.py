"""What the gradient methods share: from a job to a learner, and from trained weights to a predictor."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from haoqi.core import seeds
from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.methods.method import Job, Progress
from haoqi.methods.work import Load, Size, Work
from haoqi.models.bases import Base, load_encoder, load_tokenizer
from haoqi.models.encoders.encoder import EncoderModel
from haoqi.models.encoders.model_input import Reader, Reading, scores_of
from haoqi.models.encoders.placement import Placement, probed
from haoqi.models.encoders.word_shapes import SHAPES, lowers
from haoqi.models.predictors.encoder import Encoder
from haoqi.tasks.words import split_at_spans
from haoqi.train.adversary import Adversary
from haoqi.train.early import MOMENTUM, EarlyLearning
from haoqi.train.examples import ExampleBatches
from haoqi.train.hiding import hidden, learning_layers
from haoqi.train.loop import Learner, Outcome, fit
from haoqi.train.losses import Loss, balanced, balanced_presence, label_gap, label_loss, labels_gap, labels_loss
from haoqi.train.memory import footprint_of
from haoqi.train.objective import Objective
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques

# So many validation examples say which weights are better; more would cost training time.
_LOOKED_AT = 1000
_HEAD_START_ROWS = 5000
_HEAD_START_ROUNDS = 30


@dataclass(frozen=True)
class Bench:
    """A job laid out for training: the model, and the examples as it reads them."""

    job: Job
    base: Base
    model: EncoderModel
    reader: Reader
    train: Reading
    valid: Reading
    looked_at: Examples
    """The validation examples that `valid` holds."""
    targets: npt.NDArray[Any]
    """One row per text, or per word."""
    placement: Placement
    begun: float = field(default_factory=time.monotonic)
    weights: npt.NDArray[np.float32] | None = None
    """How much each target counts; None: all alike."""
    beliefs: npt.NDArray[np.float32] | None = None
    """What is believed of each label of a row, shape (n, labels); None: the given ones alone count."""
    first: int = 0
    """The lowest layer that learns, counted from the bottom."""

    @property
    def counting(self) -> npt.NDArray[np.float32]:
        """How much each target counts, in numbers."""
        return np.ones(len(self.targets), np.float32) if self.weights is None else self.weights

    @property
    def seconds(self) -> float | None:
        """What is left of the job's time."""
        return None if self.job.seconds is None else self.job.seconds - (time.monotonic() - self.begun)


def lay_out(job: Job, max_tokens: int, *, dropout: float = 0.0, layers: int | None = None) -> Bench:
    """Return a job with its base loaded and its examples read.

    Args:
        job: what to learn.
        max_tokens: longest window; the base's limit counts too.
        dropout: share of the head's inputs that are hidden in training.
        layers: how many upper layers will be trained; None: all.
    """
    assert job.base is not None
    begun, base, output = time.monotonic(), job.base, job.task.output
    words = output.name == "spans"
    tokenizer = load_tokenizer(base)
    reader = Reader(
        tokenizer,
        min(max_tokens, base.card.max_tokens),
        "" if words else base.card.prefix,
        words=words,
        shapes=words and lowers(tokenizer),
    )
    model = EncoderModel(
        without_dropout(load_encoder(base)),
        output.width(job.task.labels),
        pooling=None if words else base.card.pooling,
        normalise=not words,
        dropout=dropout,
        shapes=len(SHAPES) if reader.shapes else 0,
        shapes_enter=0 if layers is None else boundary(base, layers),
    )
    train = split_at_spans(job.train) if words else job.train
    found = output.targets(train, job.task.labels)
    rng = seeds.generator(job.seed, "looks")
    looked_at = job.valid.take(np.sort(rng.permutation(len(job.valid))[:_LOOKED_AT]))
    pieces = partial(job.store.pieces, base)
    reading = reader.read(train, pieces)
    if not len(reading.ids):
        raise UserError("the training texts hold no words", "check which column holds the text")
    return Bench(
        job,
        base,
        model,
        reader,
        reading,
        reader.read(looked_at, pieces),
        looked_at,
        np.concatenate(found) if words else np.asarray(found),
        replace(probed(), devices=job.devices, sharding=job.sharding),
        begun,
        _weights(job.train, [len(one) for one in found] if words else None),
        None if job.train.beliefs is None else np.asarray(job.train.beliefs, np.float32),
        0 if layers is None else boundary(base, layers),
    )


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
    bench: Bench,
    settings: TrainSettings,
    techniques: Techniques,
    multiplier: Callable[[str], float] = lambda name: 1.0,
) -> Outcome:
    """Train what of a bench's model requires a gradient; the model holds the best weights afterwards.

    Args:
        bench: what is trained on what.
        settings: how, as far as the loop is concerned; how much is averaged is told by the techniques.
        techniques: what is done against learning the examples by heart.
        multiplier: a weight's name to its learning rate, as a multiple of the setting.

    Raises:
        UserError: if techniques contradict each other, or the base does not allow them.
    """
    techniques.check()
    sizes, copies = (settings.batch_size, settings.batch_tokens), techniques.copies
    device = bench.placement.device
    footprint = footprint_of(bench.model, int(bench.train.lengths.max()))
    loss = _loss(bench, techniques)
    early = _early(bench, loss)
    targets = bench.targets if early is None else np.arange(len(bench.targets))
    learner = Learner(
        bench.model,
        ExampleBatches(bench.train, targets, *sizes, device, bench.weights, copies),
        _objective(bench, techniques, early or loss),
        rows=len(bench.train.ids),
        tokens=int(techniques.effort * bench.train.lengths.sum()),
        score=_score(bench) if len(bench.looked_at) else None,
        score_tokens=int(bench.valid.lengths.sum()),
        score_rows=len(bench.looked_at),
        multiplier=multiplier,
        memory={} if early is None else {"remembered": early.remembered},
        footprint=footprint and replace(footprint, longest=copies * footprint.longest),
    )
    with hidden(learning_layers(bench.model), techniques.dropout if techniques.r_drop else 0.0):
        outcome = fit(
            learner,
            replace(settings, average=techniques.average),
            seed=bench.job.seed,
            placement=bench.placement,
            folder=bench.job.folder,
            seconds=bench.seconds,
            to_beat=bench.job.to_beat,
            report=lambda share, note: bench.job.report(Progress(share, note)),
            tell=bench.job.note,
        )
    if early is not None and early.learns:
        bench.job.remember(early.remembered.cpu().numpy())
    return outcome


def start_head(bench: Bench) -> None:
    """Give the head the weights of a linear probe on the base as it is.

    A head that starts from nothing sends noise through the encoder until it has learnt, and spoils it
    (Kumar et al., 2022, arXiv:2202.10054). The embeddings are those that other methods use too.
    """
    import torch

    job = bench.job
    rows = np.sort(seeds.generator(job.seed, "head").permutation(len(job.train))[:_HEAD_START_ROWS])
    job.report(Progress(0.0, say("fit.head_start")))
    embeddings = job.store.embeddings(job.base, job.train.take(rows).texts)  # type: ignore[arg-type]
    targets = bench.targets[rows]
    weights = bench.counting[rows]
    weight, bias = fit_head(embeddings, targets, bench.model.head.out_features, weights=weights)
    with torch.no_grad():
        bench.model.head.weight.copy_(torch.from_numpy(weight))
        bench.model.head.bias.copy_(torch.from_numpy(bias))


def fit_head(
    embeddings: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    outputs: int,
    strength: float = 10.0,
    *,
    weights: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return weights (outputs, width) and biases (outputs,) of a logistic regression.

    Args:
        embeddings: of length 1, shape (n, width).
        targets: label numbers, shape (n,), or 0/1, shape (n, outputs).
        outputs: number of labels.
        strength: how much an error costs against large weights (C).
        weights: how much each example counts, shape (n,).
    """
    import torch
    from torch.nn import functional

    features, many = torch.from_numpy(embeddings), targets.ndim == 2
    answers, counting = torch.from_numpy(targets), torch.from_numpy(weights)
    weight = torch.zeros(outputs, features.shape[1], requires_grad=True)
    bias = torch.zeros(outputs, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=_HEAD_START_ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        logits = functional.linear(features, weight, bias)
        if many:
            misfits = functional.binary_cross_entropy_with_logits(logits, answers, reduction="none").sum(dim=1)
        else:
            misfits = functional.cross_entropy(logits, answers, reduction="none")
        misfit = (counting * misfits).sum()
        total = (strength * misfit + weight.pow(2).sum() / 2) / (strength * counting.sum())
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]
    return weight.detach().numpy(), bias.detach().numpy()


def slower_below(layers: int, decay: float, head: float = 5.0) -> Callable[[str], float]:
    """Return each weight's learning rate as a multiple: less the lower its layer (arXiv:1801.06146).

    Args:
        layers: of the encoder.
        decay: a layer's rate as a share of that of the layer above.
        head: the rate of the head and of all else that is new.
    """

    def multiplier(name: str) -> float:
        if not name.startswith("encoder."):
            return head
        found = re.search(r"\.layers?\.(\d+)\.", name)
        return float(decay ** (layers - 1 - int(found[1]) if found else layers))

    return multiplier


def predictor_of(bench: Bench, tuned: frozenset[str] | None = None) -> Encoder:
    """Return the predictor of a trained bench.

    Args:
        bench: after training.
        tuned: names of the encoder's weights that changed; None: those that require a gradient.
    """
    if tuned is None:
        tuned = frozenset(name for name, value in bench.model.encoder.named_parameters() if value.requires_grad)
    for value in bench.model.parameters():
        value.requires_grad_(False)
    return Encoder.of(bench.model.eval(), bench.reader, bench.base, tuned)


def head_start(work: Work, size: Size) -> Work:
    """Return the work with starting the head from a linear probe, which is left out where words are labelled."""
    if size.per_word:
        return work
    rows = min(size.train_rows, _HEAD_START_ROWS)
    return replace(work, fit=work.fit + head_solver(size, rows), embeds=rows, drawn=True)


def head_solver(size: Size, rows: float) -> Load:
    """Return what fitting a head takes."""
    return Load(dense=_HEAD_START_ROUNDS * 4.0 * rows * size.width * size.labels / 1e9, rounds=_HEAD_START_ROUNDS / 1e3)


def _objective(bench: Bench, techniques: Techniques, loss: Loss) -> Objective:
    """Return the loss of a batch."""
    adversary = None
    if techniques.adversarial != "none":
        random = techniques.adversarial == "freelb"
        adversary = Adversary(bench.first, techniques.adversarial_radius, techniques.passes, random)
    gap = labels_gap if bench.job.task.output.name == "labels" else label_gap
    return Objective(loss, gap, techniques.r_drop, techniques.mixup, adversary)


def _early(bench: Bench, plain: Loss) -> EarlyLearning | None:
    """Return the loss that holds a training to what it answered early, where beliefs are there to begin from.

    No one of several devices sees every row, so there beliefs stay as they came.
    """
    import torch

    if bench.beliefs is None:
        return None
    place = bench.placement
    labels, beliefs = (torch.from_numpy(one).to(place.device) for one in (bench.targets, bench.beliefs))
    return EarlyLearning.of(plain, labels, beliefs, MOMENTUM if place.devices == 1 else 1.0)


def _loss(bench: Bench, techniques: Techniques) -> Loss:
    """Return the loss of the task's output."""
    many = bench.job.task.output.name == "labels"
    weights, counting = None, bench.counting.astype(np.float64)
    if techniques.class_weights == "balanced":
        if many:
            weights = balanced_presence(counting @ bench.targets, float(counting.sum()))
        else:
            weights = balanced(np.bincount(bench.targets, counting, minlength=bench.model.head.out_features))
        weights = weights.to(bench.placement.device)
    return (labels_loss if many else label_loss)(techniques.label_smoothing, weights, techniques.focal)


def _score(bench: Bench) -> Callable[[], float]:
    """Return a function that scores the model on the validation examples that are looked at."""
    task, asked = bench.job.task, bench.looked_at

    def score() -> float:
        scores = scores_of(bench.model, bench.valid, bench.placement)
        fitted = task.output.calibrate(scores, asked, task.labels, task.metric)  # as it will be judged
        answers = task.output.decode(scores, asked, task.labels, **fitted)
        return task.metric(asked.labels, answers.labels, task.labels)

    return score
