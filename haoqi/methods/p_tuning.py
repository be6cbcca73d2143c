"""P-tuning: a prompt that learns through a small network (Liu et al., 2021, arXiv:2103.10385).

The network ties the prompt's vectors together, which steadies their learning; its output is added to words that they
start from (Razdaibiedina et al., 2023, arXiv:2305.03937), and of it nothing is kept but what it gives in the end.
Prefer it to `prompt` with few examples, or where that does not learn; on small bases both stay behind `lora`.
It is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from haoqi.core.config import Choices, Range
from haoqi.methods.method import methods
from haoqi.methods.prompt import Prompt
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.prompt import Prompt as SoftPrompts


@methods.register
@dataclass(frozen=True)
class PTuning(Prompt):
    """How long the prompt is, through what it learns, and how long and fast."""

    ranks: ClassVar[tuple[int, int]] = (8, 9)

    learning_rate: Annotated[float, Range(3e-4, 3e-2, log=True)] = 3e-3
    """Step size at the end of warm-up."""
    network: Annotated[Literal["mlp", "lstm"], Choices("mlp", "lstm", search=False)] = "mlp"
    """Through which the prompt learns: three layers, or an LSTM that reads both ways and two layers."""
    hidden: Annotated[int, Range(16, 1024, log=True, search=False)] = 128
    """Width of the network."""

    def kind(self, first: int) -> SoftPrompts:
        """Return the vectors and their network."""
        return SoftPrompts(self.tokens, self.network, self.hidden)

    def moved(self, size: Size) -> float:
        """Return how many weights learn."""
        inside = 1.0 if self.network == "mlp" else 12.0
        return super().moved(size) + 2.0 * size.width * self.hidden + inside * self.hidden**2
