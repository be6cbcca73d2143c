"""Low-rank adaptation: small matrices beside the frozen ones learn (Hu et al., 2022, arXiv:2106.09685).

It forgets less than full fine-tuning and needs a larger learning rate; on a small encoder it is hardly quicker,
since gradients pass through all layers. Prefer it with some hundred examples, or a base that is large for the
machine: the optimiser, the checkpoints and what is kept of a run hold only what learns. The matrices are merged in the
end, so the result is as quick as the base. At ranks above 32 prefer a scale by the root of the rank (Kalajdzievski,
2023, arXiv:2312.03732), with which a higher rank learns as fast as a lower one.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from haoqi.core.config import Choices, Range
from haoqi.methods._adapters import LayerTuning
from haoqi.methods.method import methods
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.linear_layers import Targets
from haoqi.models.encoders.adapters.low_rank import LowRank


@methods.register
@dataclass(frozen=True)
class Lora(LayerTuning):
    """How large the matrices are and where, and how long and fast they learn."""

    ranks: ClassVar[tuple[int, int]] = (3, 4)
    on_request: ClassVar[bool] = False
    decomposed: ClassVar[bool] = False
    """Whether the length of each row learns by itself."""

    learning_rate: Annotated[float, Range(2e-4, 2e-2, log=True)] = 2e-3
    """Step size at the end of warm-up."""
    rank: Annotated[int, Range(2, 64, log=True)] = 16
    """Rank of the matrices: how much can be learnt."""
    alpha: Annotated[float, Range(1.0, 256.0, log=True, search=False)] = 32.0
    """By this, divided by the rank, the product of the matrices is multiplied."""
    rank_stabilised: Annotated[bool, Choices(True, False, search=False)] = False
    """Whether it is divided by the root of the rank instead."""
    targets: Annotated[Targets, Choices("all", "attention", "mlp", search=False)] = "all"
    """Beside which linear layers the matrices are."""

    def kind(self, first: int) -> LowRank:
        """Return the matrices."""
        return LowRank(self.rank, self.alpha, self.rank_stabilised, self.targets, self.decomposed, first)

    def moved(self, size: Size) -> float:
        """Return how many weights learn: of each layer some with one width on either side, and two with four."""
        widths = {"attention": 8.0, "mlp": 10.0, "all": 18.0}[self.targets]
        return widths * size.layers * size.width * self.rank
