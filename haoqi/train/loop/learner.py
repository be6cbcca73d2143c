"""What a method brings to the loop: what is trained, on what, and how it is scored."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from haoqi.train.loop.batches import Batches
from haoqi.train.memory.memory_plan import Footprint

Loss = Callable[[nn.Module, Any], Tensor | Iterator[Tensor]]
"""(module, batch) to the sum of the rows' losses; or to some that add up to it, each of which is asked for once the
one before was differentiated, so that it may use the gradients."""


@dataclass(frozen=True)
class Learner:
    """What a method brings: a module whose weights that require a gradient learn, and what from."""

    module: nn.Module
    batches: Batches
    loss: Loss
    """(module, batch) to the sum of the rows' losses, or to several that add up to it."""
    rows: int
    """Examples in one epoch."""
    tokens: int
    """Tokens in one epoch, as often as each is computed."""
    score: Callable[[], float] | None = None
    """The validation score of the module as it stands; higher is better."""
    evaluates_first: bool = False
    """Whether the weights stand a comparison as they are before anything is learnt, as after a good start."""
    score_tokens: int = 0
    """Tokens that one `score` computes."""
    score_rows: int = 0
    """Validation examples that it is a score of."""
    multiplier: Callable[[str], float] = lambda name: 1.0
    """A weight's name to its learning rate, as a multiple of the setting."""
    waits: Callable[[str, float], bool] | None = None
    """(a weight's name, share of the training that is done) to whether it is yet to begin to learn; None: none is."""
    divisible: bool = True
    """Whether a part may be cut: its loss is that of its rows, whatever their company."""
    memory: Mapping[str, Tensor] = field(default_factory=dict)
    """What the loss remembers from step to step, by name: a checkpoint holds it, too."""
    footprint: Footprint | None = None
    """What decides how much memory a step takes; None: that is found out when it runs out."""
    after_step: Callable[[float], None] | None = None
    """Called with the share of the training that is done once a step has moved the weights, its gradients still there;
    on one device only."""
