"""How the step size falls after warm-up: functions of the share of the training that is behind."""

import math
from collections.abc import Callable

# An inverse square root without warm-up falls as if it had so much of it.
_LEAST_WARMUP = 0.01


def linear(share: float, warmup: float) -> float:
    """Fall evenly to 0."""
    return 1 - _behind(share, warmup)


def cosine(share: float, warmup: float) -> float:
    """Fall slowly, quickly, slowly to 0 (Loshchilov and Hutter, 2017, arXiv:1608.03983)."""
    return (1 + math.cos(math.pi * _behind(share, warmup))) / 2


def constant(share: float, warmup: float) -> float:
    """Stay."""
    return 1.0


def inverse_sqrt(share: float, warmup: float) -> float:
    """Fall as the square root of the steps rises, never to 0 (Vaswani et al., 2017, arXiv:1706.03762)."""
    known = max(warmup, _LEAST_WARMUP)
    return math.sqrt(known / max(known, min(1.0, share)))


def _behind(share: float, warmup: float) -> float:
    """Return the share of what follows warm-up that is behind."""
    return min(1.0, (share - warmup) / max(1e-9, 1 - warmup))


Schedule = Callable[[float, float], float]
"""(share of the training, share of it that is warm-up) to the step size as a part of the largest."""

SCHEDULES: dict[str, Schedule] = {found.__name__: found for found in (linear, cosine, constant, inverse_sqrt)}
