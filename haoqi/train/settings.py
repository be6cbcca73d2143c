"""What can be said about any training by gradients."""

from dataclasses import dataclass
from typing import Annotated

from haoqi.core.config import Choices, Range
from haoqi.train.optimizers import optimizers
from haoqi.train.schedules import SCHEDULES


@dataclass(frozen=True)
class TrainSettings:
    """Settings of the loop; a method passes on those that it lets a person or an explorer choose."""

    learning_rate: Annotated[float, Range(1e-6, 1e-1, log=True)] = 2e-4
    """Step size at the end of warm-up."""
    epochs: Annotated[int, Range(1, 1000)] = 3
    """How often every example is learnt from; fewer where time runs out."""
    batch_size: Annotated[int, Range(1, 4096, log=True)] = 32
    """Examples per step."""
    batch_tokens: Annotated[int, Range(16, 1_000_000, log=True, search=False)] = 4096
    """Tokens computed at once, padding counted; a step with more adds up the gradients of its parts."""
    warmup: Annotated[float, Range(0.0, 0.9)] = 0.1
    """Share of the training in which the step size rises from 0."""
    optimizer: Annotated[str, Choices(*optimizers.names())] = "adamw"
    """How gradients become steps; the learning rate is as for adamw, and others multiply it by what suits them."""
    schedule: Annotated[str, Choices(*SCHEDULES)] = "linear"
    """How the step size falls after warm-up."""
    weight_decay: Annotated[float, Range(0.0, 1.0)] = 0.01
    """Decoupled decay of weight matrices; biases and norms do not decay."""
    clip: Annotated[float, Range(0.0, 1000.0, search=False)] = 1.0
    """Largest norm of a step's gradient; 0: any."""
    evaluations: Annotated[int, Range(0, 100, search=False)] = 2
    """Evaluations on the validation examples per epoch, fewer where they cost more than a tenth of the training."""
    patience: Annotated[int, Range(1, 1000, search=False)] = 6
    """Training ends after so many evaluations in a row without a better score."""
    average: Annotated[float, Range(0.0, 0.9, search=False)] = 0.0
    """Share of the training, at its end, whose weights are averaged; the mean is kept where it scores no worse."""
    ema: Annotated[float, Range(0.0, 0.9999, search=False)] = 0.0
    """Share of a running mean of all weights that stays at each step; it is kept where it scores no worse; 0: none."""

    @property
    def keeps_mean(self) -> bool:
        """Whether a mean of the weights is kept beside them."""
        return bool(self.average or self.ema)
