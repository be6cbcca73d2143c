"""IA3: keys, values and what is inside the feed-forward parts are scaled (Liu et al., 2022, arXiv:2205.05638).

The fewest weights of all methods that change every layer: three vectors a layer, which begin as ones. It stands and
falls with its learning rate, which is a hundred times that of full fine-tuning. Prefer it where thousands of models
share a base, or with some tens of examples. The vectors are multiplied into the weights in the end.
It is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from haoqi.core.config import Choices, Range
from haoqi.methods._adapters import LayerTuning
from haoqi.methods.method import methods
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.scaling import Scaling


@methods.register
@dataclass(frozen=True)
class Ia3(LayerTuning):
    """What is scaled, and how long and fast the vectors learn."""

    ranks: ClassVar[tuple[int, int]] = (6, 6)

    learning_rate: Annotated[float, Range(3e-3, 2e-1, log=True)] = 3e-2
    """Step size at the end of warm-up."""
    targets: Annotated[Literal["usual", "all"], Choices("usual", "all", search=False)] = "usual"
    """Keys, values and the inside of feed-forward parts, as in the paper; or what leaves every linear layer, too."""

    def kind(self, first: int) -> Scaling:
        """Return the vectors."""
        return Scaling(self.targets, first)

    def moved(self, size: Size) -> float:
        """Return how many weights learn: six widths of each layer, or thirteen."""
        return (6.0 if self.targets == "usual" else 12.0) * size.layers * size.width
