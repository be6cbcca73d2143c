"""The mean of the weights that a training passes through near its end (Izmailov et al., 2018, arXiv:1803.05407).

Steps near the end wander about a valley, and the mean lies nearer to its middle than any of them.
"""

import math

import torch

from haoqi.train.loop.checkpoint import State, Weights

# So many weights, or up to twice as many, make a mean as good as all would, and reading them costs next to nothing.
_TAKEN = 32


def due(state: State, share: float, average: float, total: int) -> bool:
    """Return whether the weights after the step just taken belong to the mean.

    Args:
        state: of the training after that step.
        share: of the training that is behind, by steps or by time.
        average: share of the training, at its end, whose weights are averaged.
        total: steps of all epochs.
    """
    every = max(1, math.floor(average * total / _TAKEN))
    return bool(average) and share >= 1 - average and state.step % every == 0


def take(state: State, kept: Weights) -> None:
    """Let the weights as they stand count in the mean."""
    state.averaged += 1
    with torch.no_grad():
        for name, weight in kept.now.items():
            if name not in kept.mean:
                kept.mean[name] = weight.detach().clone()
            else:
                kept.mean[name].lerp_(weight, 1 / state.averaged)


def put(kept: Weights) -> None:
    """Let the mean stand in the module."""
    with torch.no_grad():
        for name, value in kept.mean.items():
            kept.now[name].copy_(value)
