"""How a training goes down, as settings that all gradient methods share.

- The optimizer, whose learning rate is told in AdamW's terms whichever it is.
- Warm-up, and how the step size falls after it (inverse square root: Vaswani et al., 2017, arXiv:1706.03762).
- Lower layers that learn more slowly than upper ones, or begin to learn later (Howard and Ruder, 2018,
  arXiv:1801.06146).
- The mean of the last weights (Izmailov et al., 2018, arXiv:1803.05407), or a running mean of all of them, which
  forgets (Polyak and Juditsky, 1992, doi:10.1137/0330046).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from haoqi.core.config import Choices, Range
from haoqi.core.errors import UserError
from haoqi.train.optimizers import optimizers
from haoqi.train.schedules import SCHEDULES
from haoqi.train.settings import TrainSettings
from haoqi.train.unfreezing import layer_of, starts


@dataclass(frozen=True)
class Optimization:
    """How fast what learns; a method's own settings come first."""

    optimizer: Annotated[str, Choices(*optimizers.names(), search=False)] = "adamw"
    """How gradients become steps; learning rates are as for adamw, and others multiply them by what suits them."""
    schedule: Annotated[str, Choices(*SCHEDULES, search=False)] = "linear"
    """How the step size falls after warm-up."""
    warmup: Annotated[float, Range(0.0, 0.9, search=False)] = 0.1
    """Share of the training in which the step size rises from 0."""
    weight_decay: Annotated[float, Range(0.0, 0.3, search=False)] = 0.01
    """Decay of the weights that learn; biases and norms do not decay."""
    layer_decay: Annotated[float, Range(0.5, 1.0, search=False)] = 1.0
    """Each layer's learning rate as a share of that of the layer above."""
    unfreezing: Annotated[float, Range(0.0, 0.9, search=False)] = 0.0
    """Share of the training in which layers begin to learn one after another, the uppermost first; 0: all at once."""
    average: Annotated[float, Range(0.0, 0.9, search=False)] = 0.0
    """Share of the training, at its end, whose mean weights stand if they score no worse; 0: none."""
    ema: Annotated[float, Range(0.0, 0.9999, search=False)] = 0.0
    """Share of a running mean of the weights that stays at a step, usually 0.99; stands if it scores no worse."""

    def applied(self, settings: TrainSettings) -> TrainSettings:
        """Return a training's settings with these.

        Raises:
            UserError: if two means of the weights are asked for.
        """
        if self.average and self.ema:
            raise UserError("average and ema each keep a mean of the weights", "say one of them")
        return replace(
            settings,
            optimizer=self.optimizer,
            schedule=self.schedule,
            warmup=self.warmup,
            weight_decay=self.weight_decay,
            average=self.average,
            ema=self.ema,
        )

    def slower(self, multiplier: Callable[[str], float], layers: int) -> Callable[[str], float]:
        """Return each weight's learning rate as a multiple, less the lower its layer.

        Args:
            multiplier: what it is without.
            layers: of the encoder.
        """

        def rate(name: str) -> float:
            if not name.startswith("encoder."):
                return multiplier(name)
            layer = layer_of(name)
            below = layers if layer is None else layers - 1 - layer
            return float(multiplier(name) * self.layer_decay**below)

        return rate

    def waits(self, layers: int) -> Callable[[str, float], bool] | None:
        """Return whether a weight is yet to begin to learn, by name and the share that is done; None: none is."""
        if not self.unfreezing:
            return None
        begins = starts(layers, self.unfreezing)
        return lambda name, share: name.startswith("encoder.") and share < begins(layer_of(name))
