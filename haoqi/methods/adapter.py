"""Bottleneck adapters: narrow networks after the parts of each layer (Houlsby et al., 2019, arXiv:1902.00751).

They stand after attention and after the feed-forward part, or after the latter alone (Pfeiffer et al., 2021,
arXiv:2005.00247). Being bent inside they can say what no merged matrix can, and stay beside the base, which makes it a
tenth slower. Prefer them where several models of one base are held in memory at once; else `lora` is as good, and as
quick as the base.
It is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from haoqi.core.config import Choices, Range
from haoqi.methods._adapters import LayerTuning
from haoqi.methods.method import methods
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.bottleneck import Bottleneck


@methods.register
@dataclass(frozen=True)
class Adapter(LayerTuning):
    """How narrow the networks are and where, and how long and fast they learn."""

    ranks: ClassVar[tuple[int, int]] = (4, 5)

    learning_rate: Annotated[float, Range(3e-4, 3e-2, log=True)] = 4e-3
    """Step size at the end of warm-up."""
    width: Annotated[int, Range(4, 256, log=True)] = 48
    """Units inside each network."""
    placement: Annotated[Literal["houlsby", "pfeiffer"], Choices("houlsby", "pfeiffer", search=False)] = "houlsby"
    """After attention and the feed-forward part of each layer, or after the latter alone."""

    def kind(self, first: int) -> Bottleneck:
        """Return the networks."""
        return Bottleneck(self.width, self.placement, first)

    def moved(self, size: Size) -> float:
        """Return how many weights learn."""
        networks = 2.0 if self.placement == "houlsby" else 1.0
        return networks * size.layers * (2.0 * size.width * self.width + size.width + self.width)
