"""What methods share that tune a base by an adapter: their settings, the fit, and what it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import torch

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.methods._devices import on_devices
from haoqi.methods._frozen_layers import upper_layers
from haoqi.methods._heads import head_start, start_head
from haoqi.methods._tuning import TrainingSetup, boundary, build_predictor, prepare_training, train
from haoqi.methods.method import Job, Weighs
from haoqi.methods.work import Size, States, Tuning, Work, tuned
from haoqi.models.bases import Base
from haoqi.models.encoders.adapters.adapter import AdapterKind, settle
from haoqi.models.encoders.placement import own_randomness
from haoqi.models.encoders.tokens import find_special_tokens
from haoqi.models.predictor import Predictor
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques

# Tokens of a text that must be left where soft prompts take their room.
_LEAST_TOKENS = 16


@dataclass(frozen=True)
class AdapterTuning(Techniques):
    """How long and fast something learns beside a frozen base."""

    accepts: ClassVar[Accepts] = ANYTHING
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"
    on_request: ClassVar[bool] = True
    head_rate: ClassVar[float] = 1.0
    """The head's learning rate as a multiple of the adapter's, which is high already."""

    learning_rate: Annotated[float, Range(1e-4, 1e-2, log=True)] = 1e-3
    """Step size at the end of warm-up."""
    epochs: Annotated[int, Range(1, 8)] = 3
    """How often every example is learnt from; fewer where time runs out."""
    batch_size: Annotated[int, Range(4, 128, log=True)] = 16
    """Examples per step."""
    max_tokens: Annotated[int, Range(16, 512, log=True, search=False)] = 256
    """Tokens of a text that are read; entities are read in windows of so many."""

    def kind(self, first: int) -> AdapterKind:
        """Return what learns, in layers from `first` on, counted from the bottom."""
        raise NotImplementedError

    def moved(self, size: Size) -> float:
        """Return how many weights learn."""
        raise NotImplementedError

    @property
    def prompt_tokens(self) -> int:
        """Positions of the base that are taken by what stands before a text."""
        return 0

    @property
    def upper(self) -> int | None:
        """How many upper layers learn; None: all, or what enters the lowest."""
        return None

    def fit(self, job: Job) -> Predictor:
        """Return the base with what learnt beside it on job.train, the best weights by job.valid."""
        return on_devices(self._fit, job)

    def learn(self, setup: TrainingSetup, settings: TrainSettings) -> None:
        """Train what was attached."""
        train(setup, settings, self, self.rate)

    def rate(self, name: str) -> float:
        """Return a weight's learning rate as a multiple of the setting."""
        return 1.0 if name.startswith("encoder.") else self.head_rate

    def _fit(self, job: Job) -> Predictor:
        assert job.base is not None
        first = 0 if self.upper is None else boundary(job.base, self.upper)
        kind, name = self.kind(first), type(self).__module__.rpartition(".")[2]
        setup = prepare_training(job, self._most_tokens(job.base), dropout=self.dropout, layers=self.upper)
        start_head(setup)
        encoder = setup.model.encoder
        words = _start_words(setup, self.prompt_tokens)
        with own_randomness("cpu"):
            torch.manual_seed(seeds.number(job.seed, name))
            kind.attach(encoder, words)
        settings = TrainSettings(learning_rate=self.learning_rate, epochs=self.epochs, batch_size=self.batch_size)
        with upper_layers(setup, setup.first) as learning:
            self.learn(learning, settings)
        setup.model.adapter = settle(kind, encoder)
        return build_predictor(setup, frozenset())

    def work(self, size: Size) -> Work:
        """Gradients of what passes through every layer, but of few weights: two passes instead of three."""
        layers = size.layers if self.upper is None else min(self.upper, size.layers)
        moved = self.moved(replace(size, layers=layers))
        passes = 2.0 + min(1.0, moved / max(1.0, 12.0 * layers * size.width**2))
        passes *= 1.0 + self.prompt_tokens / max(1.0, size.tokens_within(self.max_tokens))
        how = Tuning(self.epochs, self.batch_size, self.max_tokens, layers, moved, passes, effort=self.effort)
        work, below = head_start(tuned(size, how), size), size.layers - layers
        return replace(work, states=States(below, self.max_tokens)) if below else work

    def _most_tokens(self, base: Base) -> int:
        """Return how many tokens of a text can be read.

        Raises:
            UserError: if what comes first leaves hardly any.
        """
        room = base.card.max_tokens - self.prompt_tokens
        if self.prompt_tokens and room < _LEAST_TOKENS:
            raise UserError(
                f"the base {base.card.name} reads {base.card.max_tokens} tokens, and {self.prompt_tokens} come before",
                f"say tokens {max(1, base.card.max_tokens - _LEAST_TOKENS)} or fewer",
            )
        return min(self.max_tokens, room)


@dataclass(frozen=True)
class LayerTuning(AdapterTuning):
    """How long and fast something learns beside the layers of a frozen base."""

    layers: Annotated[int, Range(0, 48, search=False)] = 0
    """How many upper layers it learns beside, what the others compute being computed once; 0: all of them."""

    @property
    def upper(self) -> int | None:
        """How many upper layers learn; None: all."""
        return self.layers or None


def _start_words(setup: TrainingSetup, count: int) -> Sequence[int]:
    """Return tokens from which so many soft prompts start: those of the labels, then some of the training texts.

    Sampled words are what initialises best where no text is given (Lester et al., 2021).
    """
    if not count:
        return ()
    special = find_special_tokens(setup.reader.tokenizer)
    around = {*special.before, *special.after, special.pad}
    named = [setup.reader.tokenizer.encode(label, add_special_tokens=False).ids for label in setup.job.task.labels]
    found = [token for ids in named for token in ids][: count // 2]
    texts = np.concatenate(setup.train.ids)
    texts = texts[~np.isin(texts, list(around))]
    if len(texts):
        rng = seeds.generator(setup.job.seed, "words")
        found += rng.choice(texts, count - len(found), replace=len(texts) < count).tolist()
    return found if len(found) >= count else ()
