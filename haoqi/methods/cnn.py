"""A small convolutional network (Kim, 2014, arXiv:1408.5882) whose token vectors begin with a base's input table.

Filters over three, four and five tokens find phrases wherever they stand; how the base reads a sentence is not asked,
so it answers thousands of texts in a second, with no encoder beside it. Prefer it for tens of thousands of short texts
in which phrases decide, on machines where an encoder is too slow to answer. A tuned encoder or a blend is better where
it may take its time, so it is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.data.answers import CLASSES_OF_TEXTS, Accepts
from haoqi.methods._token_network import NetworkPlan, fit_network, network_work
from haoqi.methods.method import Job, Weighs, methods
from haoqi.methods.work import Size, Work
from haoqi.models.predictor import Predictor
from haoqi.train.settings import TrainSettings
from haoqi.train.techniques import Techniques


@methods.register
@dataclass(frozen=True)
class Cnn:
    """How wide the network is, and how long and how fast it learns."""

    accepts: ClassVar[Accepts] = Accepts(raw=frozenset({"logits", "numbers"}))
    uses_base: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    elastic: ClassVar[bool] = True
    weighs: ClassVar[Weighs] = "exactly"
    ranks: ClassVar[tuple[int, int]] = (7, 10)
    on_request: ClassVar[bool] = True

    learning_rate: Annotated[float, Range(2e-4, 5e-3, log=True)] = 1e-3
    """Step size at the end of warm-up."""
    epochs: Annotated[int, Range(1, 50, log=True)] = 8
    """How often every example is learnt from; fewer where time runs out, more where there are few, up to 40."""
    batch_size: Annotated[int, Range(8, 256, log=True)] = 32
    """Examples per step."""
    units: Annotated[int, Range(16, 512, log=True, search=False)] = 100
    """Filters of each of the three sizes."""
    width: Annotated[int, Range(8, 1024, log=True, search=False)] = 128
    """Numbers in a token's vector, at most as many as the base has."""
    dropout: Annotated[float, Range(0.0, 0.8)] = 0.5
    """Share of the token vectors' numbers and of what the filters found that is hidden in training."""
    label_smoothing: Annotated[float, Range(0.0, 0.2, search=False), CLASSES_OF_TEXTS] = 0.0
    """Share of each target that is spread over all labels."""
    max_tokens: Annotated[int, Range(16, 4096, log=True, search=False)] = 512
    """Tokens of a text that are read."""

    def fit(self, job: Job) -> Predictor:
        """Return the network trained on job.train, its best weights by job.valid."""
        return fit_network(job, self._plan())

    def work(self, size: Size) -> Work:
        """Read the texts, and pass them through three sets of filters for each epoch."""
        return network_work(size, self._plan(), 2.0 * 12 * self.width * self.units / 1e9)

    def _plan(self) -> NetworkPlan:
        return NetworkPlan(
            "convolutions",
            self.width,
            self.units,
            self.max_tokens,
            TrainSettings(learning_rate=self.learning_rate, epochs=self.epochs, batch_size=self.batch_size),
            Techniques(dropout=self.dropout, label_smoothing=self.label_smoothing),
        )
