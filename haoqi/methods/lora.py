"""Low-rank adaptation: small matrices beside the frozen ones learn (Hu et al., 2022, arXiv:2106.09685).

It forgets less than full fine-tuning and needs a larger learning rate; on a small encoder it is hardly quicker,
since gradients pass through all layers. Prefer it with some hundred examples, or a base that is large for the
machine: the optimiser and the checkpoints hold only what learns. The matrices are merged in the end, so the result
is as quick as the base.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch

from haoqi.core import seeds
from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.methods._devices import on_devices
from haoqi.methods._heads import head_start, start_head
from haoqi.methods._tuning import build_predictor, faster_head, prepare_training, train
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Size, Tuning, Work, tuned
from haoqi.models.encoders.low_rank import add_low_rank, merge_low_rank
from haoqi.models.encoders.placement import own_randomness
from haoqi.models.predictor import Predictor
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques


@methods.register
@dataclass(frozen=True)
class Lora(Techniques):
    """How large the matrices are, and how long and fast they learn."""

    accepts: ClassVar[Accepts] = ANYTHING
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (3, 4)

    rank: Annotated[int, Range(2, 64, log=True)] = 16
    """Rank of the matrices: how much can be learnt."""
    learning_rate: Annotated[float, Range(1e-4, 1e-2, log=True)] = 1e-3
    """Step size at the end of warm-up."""
    epochs: Annotated[int, Range(1, 8)] = 3
    """How often every example is learnt from; fewer where time runs out."""
    batch_size: Annotated[int, Range(4, 128, log=True)] = 16
    """Examples per step."""
    max_tokens: Annotated[int, Range(16, 512, log=True, search=False)] = 256
    """Tokens of a text that are read; entities are read in windows of so many."""

    def fit(self, job: Job) -> Predictor:
        """Return the encoder with its matrices trained on job.train and merged, the best weights by job.valid."""
        return on_devices(self._fit, job)

    def _fit(self, job: Job) -> Predictor:
        setup = prepare_training(job, self.max_tokens, dropout=self.dropout)
        start_head(setup)
        encoder = setup.model.encoder
        with own_randomness("cpu"):
            torch.manual_seed(seeds.number(job.seed, "lora"))
            adapted = add_low_rank(encoder, self.rank, scale=2.0)
        settings = TrainSettings(learning_rate=self.learning_rate, epochs=self.epochs, batch_size=self.batch_size)
        # No faster for the head: the rate of the matrices is high already.
        train(setup, settings, self, faster_head(1.0))
        merge_low_rank(encoder)
        return build_predictor(setup, frozenset(f"{name}.weight" for name in adapted))

    def work(self, size: Size) -> Work:
        """Gradients of what passes through every layer, but of few weights: two passes instead of three."""
        matrices = 12.0 * size.layers * size.width**2  # merged in the end, and saved whole
        passes = 2.0 + 2.0 * self.rank / max(1, size.width)
        moved = 18.0 * size.layers * size.width * self.rank
        how = Tuning(self.epochs, self.batch_size, self.max_tokens, size.layers, moved, passes, effort=self.effort)
        work = head_start(tuned(size, how), size)
        return replace(work, fit=replace(work.fit, saved=matrices / 1e6))
