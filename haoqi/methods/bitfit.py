"""BitFit: the biases learn, all else stays (Ben Zaken et al., 2022, arXiv:2106.10199).

One number in a thousand learns, at ten times the learning rate of full fine-tuning or more. Prefer it with a few
hundred examples, for texts much like those that the base was trained on, or where many models shall share a base. What
was learnt is in the base's own weights, so the result is as quick as the base.
It is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.methods._adapters import LayerTuning
from haoqi.methods.method import methods
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.biases import Biases


@methods.register
@dataclass(frozen=True)
class Bitfit(LayerTuning):
    """How long and fast the biases learn."""

    ranks: ClassVar[tuple[int, int]] = (5, 5)

    learning_rate: Annotated[float, Range(1e-3, 5e-2, log=True)] = 8e-3
    """Step size at the end of warm-up."""

    def kind(self, first: int) -> Biases:
        """Return the biases."""
        return Biases(first)

    def moved(self, size: Size) -> float:
        """Return how many weights learn: eleven widths of biases in each layer."""
        return 11.0 * size.layers * size.width
