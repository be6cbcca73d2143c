"""Prompt tuning: vectors before those of a text's tokens learn, and the head (Lester et al., 2021, arXiv:2104.08691).

They start from words of the labels and of the texts: from random vectors they hardly learn. Prefer it to show how
little is needed where the base is large, thousands of millions of weights, as the paper found; on small bases it stays
behind all methods that change every layer. It cannot be merged: each text is longer by the prompt.
It is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.methods._adapters import AdapterTuning
from haoqi.methods.method import methods
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.prompt import Prompt as SoftPrompts


@methods.register
@dataclass(frozen=True)
class Prompt(AdapterTuning):
    """How long the prompt is, and how long and fast it learns."""

    ranks: ClassVar[tuple[int, int]] = (9, 9)

    learning_rate: Annotated[float, Range(1e-3, 1e-1, log=True)] = 1e-2
    """Step size at the end of warm-up."""
    tokens: Annotated[int, Range(1, 100, log=True)] = 20
    """Vectors that come first."""

    def kind(self, first: int) -> SoftPrompts:
        """Return the vectors."""
        return SoftPrompts(self.tokens)

    def moved(self, size: Size) -> float:
        """Return how many weights learn."""
        return float(size.width * self.tokens)

    @property
    def prompt_tokens(self) -> int:
        """Positions of the base that are taken by the prompt."""
        return self.tokens
