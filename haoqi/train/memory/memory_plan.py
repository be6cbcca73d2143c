"""How much memory a step takes, and parts that are small enough for what there is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from haoqi.core.errors import UserError
from haoqi.core.say import joined, say
from haoqi.models.encoders.encoder import PLAIN_BELOW
from haoqi.models.encoders.placement import Placement
from haoqi.models.encoders.tokens import Rows
from haoqi.train.memory.recompute import stack_of

# Of the free memory, what a step may take: the estimate is rough, and others need some too.
_SHARE = 0.8
# Numbers of four bytes that a layer keeps for its backward pass, per token: so many widths of its states and of its
# inside, and so many per head and token attended to, where attention is plain. In bf16 they are half, and copies of
# the weights come beside. Measured on layers 384 wide, see docs/decisions/train.md.
_PER_WIDTH = 8.0
_PER_INNER = 2.0
_PER_ATTENDED = 1.25
# What is in use of a layer while its backward pass is computed, as a multiple of what it keeps.
_AMIDST = 1.0
_AMIDST_TWICE = 3.0
_BYTES = 4


@dataclass(frozen=True)
class Footprint:
    """What decides how much of a step is kept for the backward pass."""

    layers: int
    """Through which gradients pass."""
    width: int
    inner: int
    """Width inside a layer."""
    heads: int
    longest: int
    """Tokens of the longest row."""
    attended: int = 0
    """Tokens of the longest row whose attention weights are kept; fused attention keeps none."""

    @property
    def kept(self) -> float:
        """Bytes that a layer keeps of a token for the backward pass."""
        return _BYTES * (_PER_WIDTH * self.width + _PER_INNER * self.inner + _PER_ATTENDED * self.heads * self.attended)

    def activations(self, tokens: int, *, recomputed: bool = False) -> float:
        """Return the bytes that a step over so many tokens of the longest rows needs at its height, weights apart.

        Args:
            tokens: computed at once, padding counted.
            recomputed: whether layers keep only what enters them.
        """
        if recomputed:
            return tokens * (_AMIDST_TWICE * self.kept + self.layers * self.width * _BYTES)
        return tokens * (self.layers + _AMIDST) * self.kept


@dataclass(frozen=True)
class Parts:
    """How small the parts of a step are."""

    halvings: int = 0
    """How often the tokens computed at once were halved."""
    recomputed: bool = False
    """Whether layers compute their inner states twice instead of keeping them."""

    def cut(self, parts: Iterable[Rows]) -> list[Rows]:
        """Return the parts of a step, each cut as often as it was halved, down to single rows."""
        if not self.halvings:
            return list(parts)
        return [half for rows in parts for half in np.array_split(rows, min(len(rows), 2**self.halvings))]

    def words(self, batch_tokens: int) -> str:
        """Return how a step is computed, in words."""
        fewer = [say("train.parts.fewer", count=max(1, batch_tokens >> self.halvings))] if self.halvings else []
        return joined([*fewer, *([say("train.parts.twice")] if self.recomputed else [])], by="list.and")


def footprint_of(module: nn.Module, longest: int) -> Footprint | None:
    """Return the footprint of a module with an `encoder`; None where its size cannot be read.

    Args:
        module: what is trained; layers below the lowest weight that learns keep nothing.
        longest: tokens of the longest row.
    """
    config = getattr(getattr(module, "encoder", None), "config", None)
    sizes = [getattr(config, name, None) for name in ("hidden_size", "intermediate_size", "num_attention_heads")]
    layers = stack_of(module)
    if not layers or not all(isinstance(size, int) for size in sizes):
        return None
    within = {id(weight) for layer in layers for weight in layer.parameters()}
    head = getattr(module, "head", None)
    above = within | ({id(weight) for weight in head.parameters()} if head is not None else set())
    if any(weight.requires_grad and id(weight) not in above for weight in module.parameters()):
        learns_from = 0
    else:
        learning = [any(weight.requires_grad for weight in layer.parameters()) for layer in layers]
        learns_from = learning.index(True) if any(learning) else len(layers)
    width, inner, heads = (int(size) for size in sizes if size is not None)
    return Footprint(len(layers) - learns_from, width, inner, heads, longest, _attended(module, config, longest))


def _attended(module: nn.Module, config: Any, longest: int) -> int:
    """Return up to how many tokens of a row attention is computed in the plain way."""
    kind = getattr(config, "_attn_implementation", "eager")
    if kind in ("sdpa", "eager") and next(module.parameters()).device.type == "cpu":
        return min(longest, max(PLAIN_BELOW.values()))  # chosen by length
    return longest if kind == "eager" else 0


def plan(
    footprint: Footprint,
    tokens: int,
    weights: int,
    room: float,
    *,
    divisible: bool = True,
) -> Parts:
    """Return the largest parts with which a step fits, layers computed twice only where no others do.

    Where nothing fits, the smallest parts there are: the estimate may be wrong.

    Args:
        footprint: of what is trained.
        tokens: in the largest part as it comes.
        weights: numbers that learn: each has a gradient, two moments and a copy of its best value.
        room: bytes that are free.
        divisible: whether a part may be cut.
    """
    left = _SHARE * room - 4 * _BYTES * weights
    parts = Parts()
    for recomputed in (False, True):
        parts = Parts(0, recomputed)
        while True:
            at_once = max(min(tokens, footprint.longest), tokens >> parts.halvings)
            if footprint.activations(at_once, recomputed=recomputed) <= left:
                return parts
            if not divisible or at_once <= footprint.longest:
                break
            parts = replace(parts, halvings=parts.halvings + 1)
    return parts


def lighter(parts: Parts, rows: int, module: nn.Module) -> Parts:
    """Return the parts to try where those before took too much memory.

    Args:
        parts: those before.
        rows: in the largest part as it comes; 1 where it cannot be cut.
        module: what is trained.

    Raises:
        UserError: if nothing is lighter.
    """
    if 2**parts.halvings < rows:
        return replace(parts, halvings=parts.halvings + 1)
    if not parts.recomputed and stack_of(module):
        return replace(parts, recomputed=True)
    raise UserError(
        "a step needs more memory than there is, however small its parts",
        "a smaller max_tokens or batch_size needs less, and so does a smaller base",
    )


def free_bytes(placement: Placement) -> float:
    """Return the memory that each of a placement's processes may still take, container limits counted."""
    if placement.device == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    import psutil

    free = float(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        if limit != "max":
            stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            # What files were read into is given back when it is needed.
            used = int((group / "memory.current").read_text()) - int(stat.get("inactive_file", 0))
            free = min(free, float(int(limit) - used))
    except (OSError, ValueError):
        pass
    return max(0.0, free) / placement.devices
