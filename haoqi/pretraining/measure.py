"""How well hidden tokens are guessed on texts that were kept back, with an interval."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from haoqi.core import seeds
from haoqi.models.bases import load_tokenizer
from haoqi.models.encoders.batch_order import in_batches
from haoqi.models.encoders.placement import Placement
from haoqi.pretraining.language_model import LanguageModel, guess_losses
from haoqi.pretraining.masking import MaskedBatches, guesses
from haoqi.pretraining.scratch import alphabet_size, letters_of
from haoqi.pretraining.trigram import Trigram

if TYPE_CHECKING:
    from haoqi.pretraining.corpus import Corpus
    from haoqi.pretraining.train import Setup

_SAMPLES = 1000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Surprise:
    """The sum of the surprises of each text, and of how many guesses or characters it is the sum."""

    nats: Floats
    """Shape (texts,)."""
    counts: Floats
    """Shape (texts,)."""

    @property
    def mean(self) -> float:
        """Nats for each guess."""
        return float(self.nats.sum() / max(1.0, self.counts.sum()))

    def interval(self, rng: np.random.Generator) -> tuple[float, float]:
        """Return where the mean of all texts like these lies with a certainty of 95 %, by the bootstrap over texts."""
        return _ends(self.nats, self.counts, rng)

    def less(self, other: "Surprise", rng: np.random.Generator) -> tuple[float, float, float]:
        """Return by which share another surprise at the same texts is less, and the ends of its interval."""
        draws = _draws(len(self.nats), rng)
        mine, yours = draws @ self.nats, draws @ other.nats  # the same guesses, so counts cancel out
        low, high = np.quantile(1 - yours / mine, [0.025, 0.975])
        return float(1 - other.nats.sum() / self.nats.sum()), float(low), float(high)


def perplexity(nats: float) -> float:
    """Return among how many equally likely tokens a guess is as hard.

    >>> round(perplexity(math.log(50)))
    50
    """
    return math.exp(min(nats, 700.0))


def surprise_at(model: LanguageModel, held: MaskedBatches, placement: Placement, *, causal: bool = False) -> Surprise:
    """Return a model's surprise at what is hidden in held-out texts: the same words at every call.

    Args:
        model: on the placement's device.
        held: the windows of the held-out texts.
        placement: where and how precisely.
        causal: measure it at every token, guessed by those before it, rather than at hidden ones.
    """
    training = model.training
    model.eval()
    texts = int(held.windows.texts.max()) + 1
    nats, counts = np.zeros(texts), np.zeros(texts)
    for rows in in_batches(held.windows.ids):
        found = [held.following(row) if causal else held.hidden(row, _seed(row)) for row in rows.tolist()]
        asked = guesses(found, placement.device, causal=causal)
        with torch.inference_mode(), placement.arithmetic():
            losses = guess_losses(model, asked).float().cpu().numpy()
        owners = held.windows.texts[rows[asked.rows]]
        np.add.at(nats, owners, losses)
        np.add.at(counts, owners, 1.0)
    model.train(training)
    return Surprise(nats, counts)


def bits_of(setup: "Setup", corpus: "Corpus", rng: np.random.Generator) -> dict[str, list[float]]:
    """Return the bits a character of a model and of a character trigram model, and what it saves; with intervals.

    Both are likelihoods of whole texts: each token, or character, is guessed by those before it, the end included.
    Characters that the tokenizer does not know are one and the same to both.
    """
    tokenizer = load_tokenizer(setup.base)
    texts = [letters_of(tokenizer, text) for text in corpus.measured]
    counts = np.array([len(text) + 1 for text in texts], np.float64)
    found = surprise_at(setup.model, setup.measured, setup.placement, causal=True)
    mine = Surprise(found.nats / math.log(2), counts)
    trigram = Trigram.learn((letters_of(tokenizer, text) for text in corpus.train), alphabet_size(tokenizer))
    other = Surprise(np.array([trigram.bits(text) for text in texts]), counts)
    told = {"bits": mine, "trigram_bits": other}
    return {name: [one.mean, *one.interval(rng)] for name, one in told.items()} | {"saved": list(other.less(mine, rng))}


def _seed(row: int) -> int:
    return seeds.number(0, "held out", row)


def _ends(sums: Floats, counts: Floats, rng: np.random.Generator) -> tuple[float, float]:
    draws = _draws(len(sums), rng)
    low, high = np.quantile((draws @ sums) / np.maximum(draws @ counts, 1e-9), [0.025, 0.975])
    return float(low), float(high)


def _draws(texts: int, rng: np.random.Generator) -> Floats:
    """Return how often each text is drawn in each sample, shape (samples, texts)."""
    return rng.multinomial(texts, np.full(texts, 1 / texts), size=_SAMPLES).astype(np.float64)
