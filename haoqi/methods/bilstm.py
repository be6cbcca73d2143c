"""Long short-term memory that reads both ways (Hochreiter and Schmidhuber, 1997, doi:10.1162/neco.1997.9.8.1735;
Graves and Schmidhuber, 2005, doi:10.1016/j.neunet.2005.06.042), its token vectors begun with a base's input table.

One layer reads the text forwards and backwards, and the most and the mean of each unit are what the head reads (Conneau
et al., 2017, arXiv:1705.02364). Prefer it where the order of words decides and no encoder can be beside the answers. A
tuned encoder is better where it may take its time, so it is tried only where it is named.
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
class Bilstm:
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
    units: Annotated[int, Range(8, 1024, log=True, search=False)] = 96
    """Units of each direction."""
    width: Annotated[int, Range(8, 1024, log=True, search=False)] = 128
    """Numbers in a token's vector, at most as many as the base has."""
    dropout: Annotated[float, Range(0.0, 0.8)] = 0.5
    """Share of the token vectors' numbers and of what the head reads that is hidden in training."""
    label_smoothing: Annotated[float, Range(0.0, 0.2, search=False), CLASSES_OF_TEXTS] = 0.0
    """Share of each target that is spread over all labels."""
    max_tokens: Annotated[int, Range(16, 4096, log=True, search=False)] = 512
    """Tokens of a text that are read."""

    def fit(self, job: Job) -> Predictor:
        """Return the network trained on job.train, its best weights by job.valid."""
        return fit_network(job, self._plan())

    def work(self, size: Size) -> Work:
        """Read the texts, and pass them through the layer both ways for each epoch."""
        return network_work(size, self._plan(), 16.0 * (self.width + self.units) * self.units / 1e9)

    def _plan(self) -> NetworkPlan:
        return NetworkPlan(
            "recurrent",
            self.width,
            self.units,
            self.max_tokens,
            TrainSettings(learning_rate=self.learning_rate, epochs=self.epochs, batch_size=self.batch_size),
            Techniques(dropout=self.dropout, label_smoothing=self.label_smoothing),
        )
