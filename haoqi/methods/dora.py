"""Low-rank adaptation of directions, lengths apart (DoRA: Liu et al., 2024, arXiv:2402.09353).

As `lora`, but each row of a weight learns its length by itself, as it does in full fine-tuning. Prefer it to `lora` at
low ranks, 8 and less, where the paper's gain is; it takes a fourth more time, and in public comparisons it does not
beat `lora` at higher ones. It is merged in the end.
It is tried only where it is named.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Range
from haoqi.methods.lora import Lora
from haoqi.methods.method import methods
from haoqi.methods.work import Size


@methods.register
@dataclass(frozen=True)
class Dora(Lora):
    """How large the matrices are and where, and how long and fast they learn."""

    ranks: ClassVar[tuple[int, int]] = (4, 5)
    on_request: ClassVar[bool] = True
    decomposed: ClassVar[bool] = True

    rank: Annotated[int, Range(2, 64, log=True)] = 8
    """Rank of the matrices: how much can be learnt."""

    def moved(self, size: Size) -> float:
        """Return how many weights learn: the matrices, and a length for each row."""
        rows = {"attention": 4.0, "mlp": 5.0, "all": 9.0}[self.targets]
        return super().moved(size) + rows * size.layers * size.width
