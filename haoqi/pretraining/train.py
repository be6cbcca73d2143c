"""The two trainings of a pretraining, by the one gradient loop: first the output layer alone, then all of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save

from haoqi.core.folder import write_atomic
from haoqi.models.bases import Base, load_encoder, load_tokenizer
from haoqi.models.encoders.placement import Placement, probed
from haoqi.pretraining.corpus import Corpus
from haoqi.pretraining.language_model import LanguageModel, guess_loss, set_head
from haoqi.pretraining.masking import MaskedBatches, Vocabulary
from haoqi.pretraining.measure import surprise_at
from haoqi.pretraining.segment import Segmenter
from haoqi.pretraining.settings import PretrainSettings
from haoqi.pretraining.windows import windows_of
from haoqi.train.loop.loop import Learner, Outcome, fit
from haoqi.train.memory.memory_plan import footprint_of
from haoqi.train.settings import TrainSettings

CAUSAL = 0.5
"""Share of the steps of a base from scratch in which tokens are guessed by those before them."""

_RATE, _SCRATCH_RATE, _HEAD_RATE = 1e-4, 2e-3, 2e-3
# The output layer begins with less than the rest.
_HEAD_TIMES = 5.0
_BATCH_TOKENS = 4096
# Evaluations in a row without gain: alone, the output layer soon has all that is to be had.
_HEAD_PATIENCE, _PATIENCE = 2, 4
_HEAD_DONE = "head.safetensors"

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Setup:
    """A model and what it learns from, ready for training."""

    base: Base
    model: LanguageModel
    vocabulary: Vocabulary
    train: MaskedBatches
    watched: MaskedBatches
    measured: MaskedBatches
    settings: PretrainSettings
    placement: Placement
    has_head: bool
    """Whether the base brought its output layer."""


def mask_token(tokenizer: Any) -> int | None:
    """Return the number of a tokenizer's mask; None: it has none."""
    found: int | None = next(
        (number for name in ("[MASK]", "<mask>", "<MASK>") if (number := tokenizer.token_to_id(name)) is not None), None
    )
    return found


def prepare(base: Base, corpus: Corpus, settings: PretrainSettings, *, causal: float = 0.0) -> Setup:
    """Return a base and texts ready for training.

    Args:
        base: an encoder with a mask.
        corpus: the texts.
        settings: how words are hidden, and how texts are cut.
        causal: share of the steps in which tokens are guessed by those before them.
    """
    tokenizer, placement = load_tokenizer(base), probed()
    mask = mask_token(tokenizer)
    assert mask is not None
    segmenter = Segmenter.learn(corpus.train) if settings.whole_words else None
    longest = min(settings.max_tokens, base.card.max_tokens)
    read = [
        windows_of(tokenizer, texts, longest, prefix=base.card.prefix, segmenter=segmenter)
        for texts in (corpus.train, corpus.watched, corpus.measured)
    ]
    encoder: Any = load_encoder(base)
    size = len(encoder.get_input_embeddings().weight)
    special = [number for number in tokenizer.get_added_tokens_decoder() if number < size]
    vocabulary = Vocabulary.of(read, special, mask, size)
    model = LanguageModel(_without_dropout(encoder), vocabulary)
    has_head = set_head(model, base, vocabulary)
    numbers = vocabulary.numbers(size)
    sizes = (settings.hidden, settings.batch_size, _BATCH_TOKENS, placement.device, causal)
    train, watched, measured = (MaskedBatches(one.renumbered(numbers), vocabulary, *sizes) for one in read)
    return Setup(base, model, vocabulary, train, watched, measured, settings, placement, has_head)


def _without_dropout(encoder: Any) -> Any:
    """Return an encoder that hides nothing of its states: other words are hidden each time, and masks cost time."""
    from torch.nn import Dropout

    for module in encoder.modules():
        if isinstance(module, Dropout):
            module.p = 0.0
    return encoder


def train_head(setup: Setup, folder: Path, seconds: float, report: Report) -> None:
    """Train the output layer alone, unless the base brought one or an earlier sitting did it."""
    file = folder / _HEAD_DONE
    if file.is_file():
        setup.model.head.load_state_dict(load_file(file))
        return
    if setup.has_head or not setup.settings.head_share:
        return
    setup.model.encoder.requires_grad_(False)
    how = TrainSettings(learning_rate=_HEAD_RATE, patience=_HEAD_PATIENCE)
    _fit(setup, how, folder / "head", seconds=seconds, report=report)
    setup.model.encoder.requires_grad_(True)
    write_atomic(file, save({name: one.detach().cpu() for name, one in setup.model.head.state_dict().items()}))


def train_all(setup: Setup, folder: Path, seconds: float, report: Report) -> Outcome:
    """Train the encoder, its table of tokens and the output layer; the model holds the best weights afterwards."""
    rate = setup.settings.learning_rate or (_SCRATCH_RATE if setup.train.causal else _RATE)
    how = TrainSettings(learning_rate=rate, patience=_PATIENCE)
    return _fit(setup, how, folder / "all", seconds=seconds, report=report)


def _fit(setup: Setup, how: TrainSettings, folder: Path, *, seconds: float, report: Report) -> Outcome:
    settings, train, placement = setup.settings, setup.train, setup.placement
    alone = not any(one.requires_grad for one in setup.model.encoder.parameters())
    new = alone or bool(train.causal)

    def score() -> float:
        found = -surprise_at(setup.model, setup.watched, placement).mean
        if setup.watched.causal:
            found = (found - surprise_at(setup.model, setup.watched, placement, causal=True).mean) / 2
        return found

    learner = Learner(
        setup.model,
        train,
        guess_loss,
        rows=len(train.windows.ids),
        tokens=int(train.windows.lengths.sum()),
        score=score,
        score_tokens=int(setup.watched.windows.lengths.sum()) * (2 if train.causal else 1),
        score_rows=len(setup.watched.windows.ids),
        multiplier=lambda name: 1.0 if new or not name.startswith("head.") else _HEAD_TIMES,
        footprint=footprint_of(setup.model, int(train.windows.lengths.max())),
    )
    return fit(
        learner,
        replace(how, epochs=settings.epochs, batch_size=settings.batch_size, batch_tokens=_BATCH_TOKENS),
        seed=settings.seed,
        placement=placement,
        folder=folder,
        seconds=seconds,
        report=report,
    )
