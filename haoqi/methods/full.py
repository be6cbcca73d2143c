"""Fine-tuning of the whole encoder (Howard and Ruder, 2018, arXiv:1801.06146; Devlin et al., 2019, arXiv:1810.04805).

Every layer learns, so it can follow the data furthest and costs most. Prefer it with a thousand examples or more
and minutes to spend, for entities, and where a word's place in the sentence decides. The head starts from a linear
probe, the embedding table stays as it is, and lower layers learn more slowly than upper ones: each of these keeps
what the base knows.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from haoqi.core.config import Choices, Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.methods._devices import on_devices
from haoqi.methods._heads import head_start, start_head
from haoqi.methods._tuning import build_predictor, faster_head, prepare_training, train
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Size, Tuning, Work, tuned
from haoqi.models.encoders.embedding_rows import gathered
from haoqi.models.predictor import Predictor
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques


@methods.register
@dataclass(frozen=True)
class Full(Techniques):
    """How long, how fast and how carefully the encoder learns."""

    accepts: ClassVar[Accepts] = ANYTHING
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (0, 2)

    learning_rate: Annotated[float, Range(3e-5, 1e-3, log=True)] = 2e-4
    """Step size of the uppermost layer at the end of warm-up."""
    epochs: Annotated[int, Range(1, 8)] = 3
    """How often every example is learnt from; fewer where time runs out."""
    batch_size: Annotated[int, Range(4, 128, log=True)] = 16
    """Examples per step."""
    layer_decay: Annotated[float, Range(0.5, 1.0, search=False)] = 0.9
    """Each layer's learning rate as a share of that of the layer above."""
    freeze_embeddings: Annotated[bool, Choices(True, False, search=False)] = True
    """Whether the embedding table stays as it is: quicker, and smaller on disk."""
    head_start: Annotated[bool, Choices(True, False, search=False)] = True
    """Whether the head starts from a linear probe."""
    max_tokens: Annotated[int, Range(16, 512, log=True, search=False)] = 256
    """Tokens of a text that are read; entities are read in windows of so many."""

    def fit(self, job: Job) -> Predictor:
        """Return the encoder trained on job.train, its best weights by job.valid."""
        return on_devices(self._fit, job)

    def _fit(self, job: Job) -> Predictor:
        setup = prepare_training(job, self.max_tokens, dropout=self.dropout)
        embeddings = getattr(setup.model.encoder, "embeddings", None)
        if self.freeze_embeddings and embeddings is not None:
            embeddings.requires_grad_(False)
        if self.head_start:
            start_head(setup)
        settings = TrainSettings(learning_rate=self.learning_rate, epochs=self.epochs, batch_size=self.batch_size)
        if self.freeze_embeddings:
            train(setup, settings, self, faster_head(), started=self.head_start)
        else:
            with gathered(setup.model.encoder, [setup.train, setup.valid]) as (learnt, validation):
                kept = replace(setup, train=learnt, valid=validation)
                train(kept, settings, self, faster_head(), started=self.head_start)
        return build_predictor(setup)

    def work(self, size: Size) -> Work:
        """Three passes through every layer for each text and epoch, one for the head's start and for scoring."""
        moved = 12.0 * size.layers * size.width**2 if self.freeze_embeddings else size.weights
        how = Tuning(self.epochs, self.batch_size, self.max_tokens, size.layers, moved, effort=self.effort)
        work = tuned(size, how)
        return head_start(work, size) if self.head_start else work
