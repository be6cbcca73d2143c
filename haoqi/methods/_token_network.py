"""What the small networks over token vectors share: from a job to a network, its training, and its predictor."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch
from torch import Tensor, nn

from haoqi.methods._tuning import TrainingSetup, read_examples, train
from haoqi.methods._vocabulary import needed_tokens
from haoqi.methods.method import Job
from haoqi.methods.work import Load, Size, Tuning, Work, tuned
from haoqi.models.bases import load_tokenizer
from haoqi.models.encoders.embedding_rows import gathered
from haoqi.models.encoders.encoder import EncoderModel
from haoqi.models.encoders.model_input import Reader
from haoqi.models.encoders.word_shapes import SHAPES, lowers
from haoqi.models.networks.chain import runs_of
from haoqi.models.networks.token_network import Shape, TokenNetwork
from haoqi.models.networks.token_table import token_table
from haoqi.models.predictors.token_network import TokenNetworkPredictor
from haoqi.train.loop.learner import Learner
from haoqi.train.objectives.objective import Given
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques

# A network whose weights begin by chance needs so many steps, however few the examples; but it reads them at most so
# often for that. Scores may stand still for long before it has learnt anything, so no patience ends its training.
_LEAST_STEPS, _MOST_EPOCHS, _PATIENCE = 600, 40, 1000


@dataclass(frozen=True)
class NetworkPlan:
    """How a small network is made and trained."""

    kind: Literal["convolutions", "recurrent"]
    width: int
    """Numbers in a token's vector."""
    units: int
    max_tokens: int
    settings: TrainSettings
    techniques: Techniques

    def settings_for(self, rows: int) -> TrainSettings:
        """Return the settings with so many epochs that there are enough steps."""
        steps = math.ceil(max(1, rows) / self.settings.batch_size)
        least = min(_MOST_EPOCHS, math.ceil(_LEAST_STEPS / steps))
        return replace(self.settings, epochs=max(self.settings.epochs, least), patience=_PATIENCE)


def fit_network(job: Job, plan: NetworkPlan) -> TokenNetworkPredictor:
    """Return the network that a plan makes of job.train, its best weights by job.valid.

    It learns on one device, whatever the job has, and in 32 bits: it is too small to gain by more.
    """
    assert job.base is not None
    begun, words = time.monotonic(), job.task.output.kind.of_words
    tokenizer = load_tokenizer(job.base)
    reader = Reader(tokenizer, plan.max_tokens, words=words, shapes=words and lowers(tokenizer))
    table = torch.from_numpy(token_table(job.base, plan.width))
    shapes = len(SHAPES) if reader.shapes else 0
    shape = Shape(plan.kind, len(table), table.shape[1], plan.units, job.task.output.width, words, shapes)
    network = TokenNetwork(shape, table, dropout=plan.techniques.dropout, seed=job.seed)
    # It has of an encoder with its head what a training asks of one: a forward pass over a batch, and a head.
    setup = read_examples(replace(job, devices=1, sharding="none"), cast(EncoderModel, network), reader, begun)
    setup = replace(setup, placement=replace(setup.placement, precision="fp32"))
    with _own_tokens(network, setup) as kept:
        train(
            kept,
            plan.settings_for(len(job.train)),
            plan.techniques,
            started=False,
            refine=_with_chain if words else _as_it_is,
        )
    network = _finished(network, setup.scale)
    if (needed := needed_tokens(tokenizer, job.train.texts)) is not None:
        reader = replace(reader, tokenizer=needed[0])
        network.keep_tokens(torch.from_numpy(needed[1]))
    return TokenNetworkPredictor.of(network, reader, job.base.name)


@contextmanager
def _own_tokens(network: TokenNetwork, setup: TrainingSetup) -> Iterator[TrainingSetup]:
    """Yield the setup with the vectors of those tokens alone that occur: no optimizer carries the others."""
    with gathered(network, [setup.train, setup.valid]) as (learnt, validation):
        yield replace(setup, train=learnt, valid=validation)
        network.to("cpu")


def _finished(network: TokenNetwork, scale: tuple[float, float]) -> TokenNetwork:
    """Return a trained network as it answers: numbers as they are, and vectors in 16 bits, as they are kept."""
    network.requires_grad_(False)
    mean, spread = scale
    if scale != (0.0, 1.0):
        network.head.weight.mul_(spread)
        network.head.bias.mul_(spread).add_(mean)
    network.table.weight.copy_(network.table.weight.half().float())
    return network.eval()


def _as_it_is(learner: Learner) -> Learner:
    return learner


def _with_chain(learner: Learner) -> Learner:
    """Return a learner whose loss is that of whole sentences."""
    return replace(learner, loss=_chain_loss)


def _chain_loss(module: nn.Module, given: Given) -> Tensor:
    """Return the negative log probability of the right tags of all windows, each counted by its text's weight."""
    batch, targets, weights = given
    assert isinstance(module, TokenNetwork) and module.chain is not None
    emissions = module.emissions(batch)
    if not len(emissions):
        return emissions.sum()
    lengths = runs_of(batch, batch.ids.shape[1])
    losses = module.chain.losses(emissions, targets, lengths)
    if weights is None:
        return losses.sum()
    first = torch.cumsum(lengths, 0) - lengths
    return (losses * weights[first]).sum()


def network_work(size: Size, plan: NetworkPlan, operations: float) -> Work:
    """Return what training a small network takes.

    Args:
        size: what is learnt from and scored.
        plan: how it is trained.
        operations: of a forward pass, for one token (1e9).
    """
    epochs = plan.settings_for(size.train_rows).epochs
    how = Tuning(epochs, plan.settings.batch_size, plan.max_tokens, 0, 0.0, evaluates=False)  # a tenth at most
    work = tuned(replace(size, layers=0), how)
    token = size.tokens_within(plan.max_tokens)
    # A table of the tokens that occur moves at every step.
    moved = plan.width * min(size.vocabulary, 30.0 * size.train_rows**0.7)
    learning = 3 * size.train_rows * epochs * token * operations
    fit = work.fit + Load(
        training=learning, updated=work.fit.steps * moved / 1e6, saved=plan.width * size.vocabulary / 1e6
    )
    return replace(work, fit=fit, score=work.score + Load(forward=size.valid_rows * token * operations))
