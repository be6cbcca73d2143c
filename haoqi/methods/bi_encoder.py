"""Fine-tuning of one encoder that reads each of two texts by itself (Reimers and Gurevych, 2019, arXiv:1908.10084).

Texts that belong together are drawn together, so the answer is the cosine of two vectors, and the vectors can be kept
in an index. Numbers are learnt by the correlation of a batch (Pearson, 1895), two classes by their order: of any two
pairs in a batch the likelier one is to have the larger cosine (CoSENT: Su, 2022, kexue.fm/archives/8847). Answers to
queries are learnt against all other texts of the batch (Henderson et al., 2017, arXiv:1705.00652); three classes and
more by a softmax on both vectors, their products and distances. Prefer it for likeness, duplicates, and whatever is to
be searched; with many pairs and no index, an encoder that reads both texts at once (`full`, `lora`) is mostly better.
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
from haoqi.data.answers import PAIRS, Accepts
from haoqi.data.examples import Examples
from haoqi.data.preparing.split import some_rows
from haoqi.methods._embedded import Floats, fit_linear
from haoqi.methods._pair_batches import PairBatch, PairBatches
from haoqi.methods._tuning import TrainingSetup, faster_head, prepare_training
from haoqi.methods.cosine import fit_scale
from haoqi.methods.method import Job, Progress, Weighs, methods
from haoqi.methods.work import Size, Tuning, Work, tuned
from haoqi.models.encoders.batch_order import in_batches
from haoqi.models.encoders.encoder import EncoderModel
from haoqi.models.encoders.model_input import Reading
from haoqi.models.encoders.pair_features import Pairing, pair_emphasis, pair_vectors, pair_width, pairing_for
from haoqi.models.encoders.placement import Placement
from haoqi.models.predictor import Predictor
from haoqi.models.predictors.bi_encoder import BiEncoder
from haoqi.models.predictors.encoder import Encoder
from haoqi.train.loop.loop import Learner, fit
from haoqi.train.memory.memory_plan import footprint_of
from haoqi.train.optimization import Optimization
from haoqi.train.settings import TrainSettings

# Of a job's time, what the training may take; the rest is for the scale.
_TRAIN_SHARE = 0.85
# Pairs that fit the scale, and that tell which weights are best.
_MOST_SCALED, _MOST_VALID = 2000, 1000
# Texts drawn at random whose longest is as long as a text is after padding.
_PADDED = 4


@methods.register
@dataclass(frozen=True)
class BiEncoders:
    """How long pairs are compared, and how sharply."""

    accepts: ClassVar[Accepts] = PAIRS
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "roughly"
    ranks: ClassVar[tuple[int, int]] = (2, 2)

    learning_rate: Annotated[float, Range(1e-5, 1e-3, log=True)] = 1e-4
    """Step size of the uppermost layer at the end of warm-up."""
    epochs: Annotated[int, Range(1, 8)] = 2
    """How often every pair is learnt from; fewer where time runs out."""
    batch_size: Annotated[int, Range(8, 128, log=True)] = 32
    """Pairs that are compared with one another."""
    temperature: Annotated[float, Range(0.02, 0.5, log=True)] = 0.05
    """How sharply classes and rankings are compared: low weighs the hardest comparisons most."""
    in_batch: Annotated[bool | None, Choices(True, False, search=False)] = None
    """Whether the second texts of other pairs count as wrong answers; empty: where queries are ranked or matched."""
    max_tokens: Annotated[int, Range(16, 512, log=True, search=False)] = 128
    """Tokens of each text that are read."""

    def fit(self, job: Job) -> Predictor:
        """Return the encoder tuned on the pairs of job.train, with the scale of its cosines."""
        job = replace(job, devices=1, sharding="none")  # nothing of a step could be shared
        pairing = pairing_for(job.task)
        setup = _prepare(job, self.max_tokens)
        outputs = job.task.output.width
        likely = _likelihood(setup, job)
        several = likely is None
        if several:
            setup.model.add_module("pair_head", nn.Linear(pair_width(setup.base.card.width, pairing), outputs))
        in_batch = not several and (_asks_queries(job) if self.in_batch is None else self.in_batch)
        targets = setup.targets[: len(job.train)] if likely is None else likely
        batches = PairBatches(
            setup.train, targets, job.train, self.batch_size, setup.placement.device, by_query=in_batch
        )
        if several:
            loss = softmax_loss(pairing)
        elif in_batch:
            loss = in_batch_loss(self.temperature)
        elif job.task.output.kind.is_number:
            loss = correlation_loss()
        else:
            loss = order_loss(self.temperature)
        valid = job.valid.take(some_rows(job.valid, _MOST_VALID, seeds.generator(job.seed, "looks")))
        learner = Learner(
            setup.model,
            batches,
            loss,
            rows=len(job.train),
            tokens=int(setup.train.lengths.sum()),
            score=_score(setup, valid, pairing, several=several) if len(valid) else None,
            score_tokens=2 * int(setup.train.lengths.mean() * len(valid)),
            score_rows=len(valid),
            evaluates_first=not several,
            multiplier=Optimization(layer_decay=0.9).slower(faster_head(), setup.base.card.layers),
            divisible=False,  # every pair is compared with all others
            footprint=footprint_of(setup.model, int(setup.train.lengths.max())),
        )
        fit(
            learner,
            TrainSettings(learning_rate=self.learning_rate, epochs=self.epochs, batch_size=self.batch_size),
            seed=job.seed,
            placement=setup.placement,
            folder=job.folder,
            seconds=None if setup.seconds is None else setup.seconds * _TRAIN_SHARE,
            to_beat=job.to_beat,
            report=lambda share, note: job.report(Progress(share * _TRAIN_SHARE, note)),
            tell=job.note,
        )
        job.report(Progress(_TRAIN_SHARE, say("fit.head")))
        return _built(setup, job, pairing, several=several)

    def work(self, size: Size) -> Work:
        """Three passes through every layer for each text and epoch, and one for the scale."""
        moved = 12.0 * size.layers * size.width**2
        how = Tuning(self.epochs, self.batch_size, self.max_tokens, size.layers, moved, padded=_PADDED)
        return tuned(size, how)


def order_loss(temperature: float) -> Callable[[nn.Module, Any], Tensor]:
    """Return the loss of pairs whose cosines are not in the order of their likelihoods: log(1 + sum exp(...))."""

    def loss(module: Any, batch: PairBatch) -> Tensor:
        first, second = batch.vectors(module)
        cosines = (first * second).sum(dim=1) / temperature
        likelier = batch.targets[:, None] > batch.targets[None, :]
        gaps = cosines[None, :] - cosines[:, None] + torch.log(batch.counting[:, None] * batch.counting[None, :])
        wrong = torch.logsumexp(torch.cat([cosines.new_zeros(1), gaps[likelier]]), dim=0)
        return wrong * batch.counting.sum()

    return loss


def correlation_loss() -> Callable[[nn.Module, Any], Tensor]:
    """Return how far the cosines of a batch are from a rising line of the numbers: 1 less their correlation."""

    def loss(module: Any, batch: PairBatch) -> Tensor:
        first, second = batch.vectors(module)
        cosines, shares = (first * second).sum(dim=1), batch.counting / batch.counting.sum()
        one, other = (values - (shares * values).sum() for values in (cosines, batch.targets))
        spreads = ((shares * one**2).sum() * (shares * other**2).sum()).clamp(min=1e-12).sqrt()
        return (1 - (shares * one * other).sum() / spreads) * batch.counting.sum()

    return loss


def in_batch_loss(temperature: float) -> Callable[[nn.Module, Any], Tensor]:
    """Return the loss of the right texts of queries among all second texts of the batch, summed over what is right."""

    def loss(module: Any, batch: PairBatch) -> Tensor:
        first, second = batch.vectors(module)
        right = batch.targets > 0
        near = first @ second.T / temperature
        same = batch.queries[:, None] == batch.queries[None, :]
        equal = batch.items[:, None] == batch.items[None, :]
        itself = torch.eye(len(near), dtype=torch.bool, device=near.device)
        near = near.masked_fill(((same & right[None, :]) | equal) & ~itself, -1e4)  # other right answers are not wrong
        surprise = -torch.log_softmax(near, dim=1).diagonal() * batch.counting
        return surprise[right].sum() if bool(right.any()) else near.sum() * 0

    return loss


def softmax_loss(pairing: Pairing) -> Callable[[nn.Module, Any], Tensor]:
    """Return the cross-entropy of classes by a linear head on what two vectors share, and how they differ."""

    def loss(module: Any, batch: PairBatch) -> Tensor:
        logits = module.pair_head(_features(*batch.vectors(module), pairing))
        return (nn.functional.cross_entropy(logits, batch.targets.long(), reduction="none") * batch.counting).sum()

    return loss


def _features(first: Tensor, second: Tensor, pairing: Pairing) -> Tensor:
    """Return what `pair_vectors` does, so that gradients flow."""
    product = first * second
    columns = [product.sum(dim=1, keepdim=True), product, (first - second).abs()]
    return torch.cat(columns + ([first, second] if pairing == "ordered" else []), dim=1)


def _prepare(job: Job, max_tokens: int) -> TrainingSetup:
    """Return a setup that reads single texts: the first ones of all pairs, then the second ones."""
    task = replace(job.task, pairs=False, symmetric=False)
    both = _single(job.train)
    setup = prepare_training(replace(job, task=task, train=both, valid=Examples.of([])), max_tokens)
    setup.model.head.requires_grad_(False)
    setup.model.normalise = True
    embeddings = getattr(setup.model.encoder, "embeddings", None)
    if embeddings is not None:
        embeddings.requires_grad_(False)
    return setup


def _single(examples: Examples) -> Examples:
    """Return the first texts of pairs, then the second ones, as examples of one text."""
    texts = [*examples.texts, *examples.second_texts]
    weights = None if examples.weights is None else [*examples.weights, *examples.weights]
    return replace(Examples.of(texts, [*examples.labels, *examples.labels]), weights=weights)


def _asks_queries(job: Job) -> bool:
    """Return whether the first text asks for the second one."""
    return job.task.ranks or (not job.task.symmetric and job.task.output.kind.has_classes)


def _likelihood(setup: TrainingSetup, job: Job) -> npt.NDArray[np.float32] | None:
    """Return how alike each pair is said to be, shape (n,): the greater the more; None where classes have no order.

    Of two classes the one whose texts the base finds more alike is the likelier one. What is ranked is 0 where it is as
    bad as can be.
    """
    output, count = job.task.output, len(job.train)
    if output.kind.has_classes and output.width > 2:
        return None
    numbers = np.asarray(output.targets(job.train), dtype=np.float32)
    if job.task.ranks:
        return np.asarray(numbers - numbers.min(), dtype=np.float32)
    rows = np.arange(min(count, 200))
    first, second = (_vectors(setup.model, setup.train, part, setup.placement) for part in (rows, rows + count))
    cosines, some = (first * second).sum(axis=1), numbers[rows]
    turned = float(((cosines - cosines.mean()) * (some - some.mean())).sum()) < 0
    found = numbers.max() - numbers if turned else numbers - numbers.min()
    return np.asarray(found, dtype=np.float32)


def _vectors(model: EncoderModel, reading: Reading, rows: npt.NDArray[np.int64], placement: Placement) -> Floats:
    """Return the vectors of some windows of a reading, of length 1, shape (rows, width)."""
    found = np.zeros((len(rows), model.head.in_features), dtype=np.float32)
    model.eval()
    for chosen in in_batches([reading.ids[row] for row in rows]):
        with torch.inference_mode(), placement.arithmetic():
            found[chosen] = model.features(reading.collate(rows[chosen], placement.device)).float().cpu().numpy()
    return found


def _score(setup: TrainingSetup, valid: Examples, pairing: Pairing, *, several: bool) -> Callable[[], float]:
    """Return a function that scores the model on validation pairs, by the scale that suits them best."""
    task, reading, count = setup.job.task, setup.reader.read(_single(valid)), len(valid)
    task = replace(task, pairs=True)

    def score() -> float:
        both = _vectors(setup.model, reading, np.arange(2 * count), setup.placement)
        first, second = both[:count], both[count:]
        if several:
            head: Any = setup.model.pair_head
            with torch.inference_mode():
                features = torch.from_numpy(pair_vectors(first, second, pairing)).to(setup.placement.device)
                scores = head(features).float().cpu().numpy()
        else:
            cosines = (first * second).sum(axis=1, keepdims=True)
            slope, intercept = fit_scale(cosines, task, valid)
            scores = (cosines @ slope + intercept).astype(np.float32)
        fitted = task.output.calibrate(scores, valid, task.metric)
        return task.metric.merit_of(valid, task.output.decode(scores, valid, **fitted), task)

    return score


def _built(setup: TrainingSetup, job: Job, pairing: Pairing, *, several: bool) -> BiEncoder:
    """Return the predictor of a trained model, its cosines or its features brought to the scale of the answers."""
    count = len(job.train)
    rows = np.sort(seeds.generator(job.seed, "scale").permutation(count)[:_MOST_SCALED])
    first, second = (_vectors(setup.model, setup.train, part, setup.placement) for part in (rows, rows + count))
    train = job.train.take(rows)
    if several:
        classes = job.task.output.targets(train)[:, None] == np.arange(job.task.output.width)
        features, weights = pair_vectors(first, second, pairing), None if train.weights is None else train.counting
        emphasis = pair_emphasis(first.shape[1], pairing)
        directions, intercept = fit_linear(features, classes, True, 0.004, weights=weights, emphasis=emphasis)
    else:
        cosines = (first * second).sum(axis=1, keepdims=True)
        directions, intercept = fit_scale(cosines, job.task, train)
    encoder: Any = setup.model.encoder
    tuned = frozenset(name for name, value in encoder.named_parameters() if value.requires_grad)
    width = setup.base.card.width
    model = EncoderModel(encoder, width, pooling=setup.base.card.pooling, normalise=True)
    with torch.no_grad():
        model.head.weight.copy_(torch.eye(width))
    for value in model.parameters():
        value.requires_grad_(False)
    network = Encoder.of(model.eval(), setup.reader, setup.base, tuned)
    return BiEncoder(network, directions, intercept, pairing)
