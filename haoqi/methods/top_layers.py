"""Fine-tuning of the upper layers only (Lee et al., 2019, arXiv:1911.03090).

What the frozen lower layers compute is the same in every epoch and for every plan, so it is computed once and
kept: an epoch of two layers out of six costs about a quarter of one of the whole encoder. Prefer it to `full`
when there is less time than that needs, or few examples, which the lower layers could only forget with.
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.methods._devices import on_devices
from haoqi.methods._frozen_layers import upper_layers
from haoqi.methods._heads import head_start, start_head
from haoqi.methods._tuning import boundary, build_predictor, faster_head, prepare_training, train
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Size, States, Tuning, Work, tuned
from haoqi.models.encoders.encoder import layers_of
from haoqi.models.predictor import Predictor
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques


@methods.register
@dataclass(frozen=True)
class TopLayers(Techniques):
    """How much of the encoder learns, how long and how fast."""

    accepts: ClassVar[Accepts] = ANYTHING
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (1, 3)

    layers: Annotated[int, Range(1, 6)] = 2
    """How many upper layers learn."""
    learning_rate: Annotated[float, Range(5e-5, 2e-3, log=True)] = 3e-4
    """Step size at the end of warm-up."""
    epochs: Annotated[int, Range(1, 12)] = 4
    """How often every example is learnt from; fewer where time runs out."""
    batch_size: Annotated[int, Range(4, 128, log=True)] = 16
    """Examples per step."""
    max_tokens: Annotated[int, Range(16, 512, log=True, search=False)] = 256
    """Tokens of a text that are read; entities are read in windows of so many."""

    def fit(self, job: Job) -> Predictor:
        """Return the encoder whose upper layers were trained on job.train, its best weights by job.valid."""
        return on_devices(self._fit, job)

    def _fit(self, job: Job) -> Predictor:
        setup = prepare_training(job, self.max_tokens, dropout=self.dropout, layers=self.layers)
        first = boundary(setup.base, self.layers)
        setup.model.encoder.requires_grad_(False)
        for layer in list(layers_of(setup.model.encoder))[first:]:
            layer.requires_grad_(True)
        start_head(setup)
        settings = TrainSettings(learning_rate=self.learning_rate, epochs=self.epochs, batch_size=self.batch_size)
        with upper_layers(setup, first) as upper:
            train(upper, settings, self, faster_head())
        return build_predictor(setup)

    def work(self, size: Size) -> Work:
        """Learning in the upper layers, one pass through the lower ones, and one for the head's start."""
        layers = min(self.layers, size.layers)
        moved = 12.0 * layers * size.width**2
        how = Tuning(self.epochs, self.batch_size, self.max_tokens, layers, moved, effort=self.effort)
        work = head_start(tuned(size, how), size)
        below = size.layers - layers
        return replace(work, states=States(below, self.max_tokens)) if below else work
