"""Prefix tuning: keys and values before those of the text, in every layer (Li and Liang, 2021, arXiv:2101.00190).

As P-tuning v2 has it (Liu et al., 2022, arXiv:2110.07602) the head learns, too, and nothing stands between. They start
from what each layer makes of words of the texts. Prefer it for entities and hard questions among the methods that leave
the base as it is; it cannot be merged, so that each text costs as much as one that is longer by the prefix's attention.
It is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.methods._adapters import AdapterTuning
from haoqi.methods.method import methods
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.prefix import Prefix as Prepended


@methods.register
@dataclass(frozen=True)
class Prefix(AdapterTuning):
    """How long the prefix is, and how long and fast it learns."""

    ranks: ClassVar[tuple[int, int]] = (7, 8)

    learning_rate: Annotated[float, Range(3e-3, 2e-1, log=True)] = 3e-2
    """Step size at the end of warm-up."""
    tokens: Annotated[int, Range(1, 100, log=True)] = 20
    """Keys and values that come first, in each layer."""

    def kind(self, first: int) -> Prepended:
        """Return the keys and values."""
        return Prepended(self.tokens)

    def moved(self, size: Size) -> float:
        """Return how many weights learn."""
        return 2.0 * size.layers * size.width * self.tokens

    @property
    def prompt_tokens(self) -> int:
        """Positions of the base that are taken by the prefix."""
        return self.tokens
