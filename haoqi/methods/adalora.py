"""Low-rank adaptation whose ranks are where they matter (AdaLoRA: Zhang et al., 2023, arXiv:2303.10512).

It begins with half as much again as it may keep, and leaves out what the loss depends on least, so that each linear
layer ends with a rank of its own. Prefer it where the smallest adapter for a given score is wanted, as where many are
kept; for the score itself `lora` is simpler and was better. It is merged in the end.
It is tried only where it is named.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from haoqi.core.config import Choices, Range
from haoqi.methods._adapters import LayerTuning
from haoqi.methods._tuning import TrainingSetup, train
from haoqi.methods.method import Job, methods
from haoqi.methods.work import Size
from haoqi.models.encoders.adapters.adaptive_rank import AdaptiveRank, triplets_of
from haoqi.models.encoders.adapters.linear_layers import Targets
from haoqi.models.encoders.adapters.rank_budget import RankBudget
from haoqi.models.predictor import Predictor
from haoqi.train.loop.learner import Learner
from haoqi.train.settings import TrainSettings

_BEGINS_WITH = 1.5  # times the rank that is kept, as in the paper


@methods.register
@dataclass(frozen=True)
class Adalora(LayerTuning):
    """How much is kept and where, and how long and fast it learns."""

    ranks: ClassVar[tuple[int, int]] = (6, 7)

    learning_rate: Annotated[float, Range(5e-4, 3e-2, log=True)] = 3e-3
    """Step size at the end of warm-up."""
    rank: Annotated[int, Range(2, 64, log=True)] = 8
    """Mean rank that is kept; half as much again is there at first."""
    targets: Annotated[Targets, Choices("all", "attention", "mlp", search=False)] = "all"
    """Beside which linear layers the matrices are."""

    def kind(self, first: int) -> AdaptiveRank:
        """Return the triplets."""
        return AdaptiveRank(self._first, 2.0 * self._first, self.targets, first)

    def fit(self, job: Job) -> Predictor:
        """Return the base with what was kept merged, the best weights by job.valid."""
        return super().fit(replace(job, devices=1, sharding="none"))  # what is left out depends on all gradients

    def learn(self, setup: TrainingSetup, settings: TrainSettings) -> None:
        """Train the triplets, and leave out those that matter least."""
        budget = RankBudget.of(triplets_of(setup.model.encoder.to(setup.placement.device)), self.rank)

        def refine(learner: Learner) -> Learner:
            def loss(module: Any, batch: Any) -> Any:
                counts = batch[1].shape[0] if batch[2] is None else batch[2].sum()
                yield from learner.loss(module, batch)
                yield counts * budget.penalty()

            memory = {**learner.memory, **budget.memory}
            return replace(learner, loss=loss, after_step=budget.after_step, memory=memory)

        train(setup, settings, self, self.rate, refine=refine)
        budget.settle()

    def moved(self, size: Size) -> float:
        """Return how many weights learn at first."""
        widths = {"attention": 8.0, "mlp": 10.0, "all": 18.0}[self.targets]
        return widths * size.layers * size.width * self._first

    @property
    def _first(self) -> int:
        return max(self.rank + 1, round(_BEGINS_WITH * self.rank))
