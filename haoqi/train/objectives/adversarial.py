"""Adversarial training: learning from inputs that were moved, a little, where that harms most.

What enters the lowest layer that learns is moved: embeddings, or what leaves frozen layers. It is moved in the pass
and not in any table, so there is nothing to restore, and it works with whatever stands in a table's place.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from haoqi.core.errors import UserError
from haoqi.models.encoders.encoder import Batch
from haoqi.train.memory.recompute import stack_of

_TINY = 1e-12


@dataclass(frozen=True)
class Adversary:
    """How inputs are moved."""

    layer: int
    """The layer whose inputs are moved, counted from the bottom of the whole encoder."""
    radius: float
    """How far, as a share of the length of a row's states taken together."""
    passes: int = 2
    """Passes through the network, the first one counted."""
    starts_at_random: bool = False
    """Whether the first pass is moved at random (Zhu et al., 2020); else it is not (Miyato et al., 2017)."""


def attacked(once: Callable[[], Tensor], module: nn.Module, batch: Batch, how: Adversary) -> Iterator[Tensor]:
    """Yield the losses of the passes, the mean of which is the loss; each must be differentiated before the next.

    After every pass a row is moved by the radius along its gradient and drawn back into the ball of that radius. Rows
    are moved each by itself, whatever their company, and all passes hide the same units.

    Args:
        once: computes the loss.
        module: what is trained.
        batch: its inputs, of which `once` may compute each row several times.
        how: how they are moved.

    Raises:
        UserError: if the encoder has no stack of layers.
    """
    stack = stack_of(module)
    # Where lower layers were computed before, they are left out, and the lowest there is the one.
    place = 0 if batch.states is not None else how.layer
    if place >= len(stack):
        raise UserError("this base has no layers whose inputs could be moved", "say adversarial none")
    move = _Move(batch, how)
    for number in range(how.passes):
        if number:
            move.climb()
        with move.added(stack[place]):
            loss = once() / how.passes
        yield loss


class _Move:
    """What is added to what enters a layer.

    Args:
        batch: the rows.
        how: how they are moved.
    """

    def __init__(self, batch: Batch, how: Adversary) -> None:
        longest = (batch.ids if batch.states is None else batch.states).shape[1]
        inside = torch.arange(longest, device=batch.lengths.device) < batch.lengths[:, None]
        self.how, self.inside = how, inside[:, :, None].float()
        self.now: Tensor | None = None

    @contextmanager
    def added(self, layer: nn.Module) -> Iterator[None]:
        """Move what enters a layer while the block lasts."""

        def enter(module: nn.Module, given: Any) -> Any:
            if self.now is None:
                self._begin(given[0].detach().float())
            assert self.now is not None
            return (given[0] + self.now.to(given[0].dtype), *given[1:])

        hook = layer.register_forward_pre_hook(enter)
        try:
            yield
        finally:
            hook.remove()

    def climb(self) -> None:
        """Go on along the gradient, and back into the ball; what is drawn at random is drawn again."""
        assert self.now is not None
        assert self.now.grad is not None
        uphill = self.now.grad * self.inside
        moved = self.now.detach() + self.reach * uphill / _length(uphill).clamp(min=_TINY)
        moved = moved * (self.reach / _length(moved).clamp(min=_TINY)).clamp(max=1.0)
        self.now = moved.requires_grad_()
        _set_random_state(self.random)

    def _begin(self, states: Tensor) -> None:
        self.inside = self.inside.repeat(len(states) // len(self.inside), 1, 1)
        # Soft prompts come before the tokens, and are not moved.
        self.inside = nn.functional.pad(self.inside, (0, 0, states.shape[1] - self.inside.shape[1], 0))
        self.reach = self.how.radius * _length(states * self.inside)
        if self.how.starts_at_random:
            room = (self.inside.sum(dim=1, keepdim=True) * states.shape[2]).sqrt()
            start = (2 * torch.rand_like(states) - 1) * self.inside * self.reach / room
        else:
            start = torch.zeros_like(states)
        self.now = start.requires_grad_()
        # Below this layer nothing is hidden, so nothing was drawn yet.
        self.random = _random_state()


def _length(states: Tensor) -> Tensor:
    """Return the length of each row's states taken together, shape (rows, 1, 1)."""
    return states.square().sum(dim=(1, 2), keepdim=True).sqrt()


def _random_state() -> tuple[Tensor, Tensor | None]:
    on_gpu = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return torch.get_rng_state(), torch.cuda.get_rng_state() if on_gpu else None


def _set_random_state(state: tuple[Tensor, Tensor | None]) -> None:
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1])
