"""The mean of the weights that a training passes through near its end (Izmailov et al., 2018, arXiv:1803.05407).

Steps near the end wander about a valley, and the mean lies nearer to its middle than any of them. A running mean that
forgets (Polyak and Juditsky, 1992, doi:10.1137/0330046) needs no end to be known.
"""

import math

import torch

from haoqi.train.loop.checkpoint import State, Weights
from haoqi.train.settings import TrainSettings

# So many weights, or up to twice as many, make a mean as good as all would, and reading them costs next to nothing.
_TAKEN = 32


def due(state: State, share: float, settings: TrainSettings, total: int) -> bool:
    """Return whether the weights after the step just taken belong to the mean.

    Args:
        state: of the training after that step.
        share: of the training that is behind, by steps or by time.
        settings: which mean is kept.
        total: steps of all epochs.
    """
    if settings.ema:
        return True
    average = settings.average
    every = max(1, math.floor(average * total / _TAKEN))
    return bool(average) and share >= 1 - average and state.step % every == 0


def weight_of_last(averaged: int, ema: float) -> float:
    """Return how much the weights taken last count in the mean.

    Args:
        averaged: how many were taken, these included.
        ema: share of a running mean that stays, less of it at first, lest the first weights count for long; 0: all
            weights count alike.
    """
    return 1 - min(ema, averaged / (averaged + 9)) if ema else 1 / averaged


def take(state: State, kept: Weights, ema: float = 0.0) -> None:
    """Let the weights as they stand count in the mean."""
    state.averaged += 1
    last = weight_of_last(state.averaged, ema)
    with torch.no_grad():
        for name, weight in kept.now.items():
            if name not in kept.mean:
                kept.mean[name] = weight.detach().clone()
            else:
                kept.mean[name].lerp_(weight, last)


def put(kept: Weights) -> None:
    """Let the mean stand in the module."""
    with torch.no_grad():
        for name, value in kept.mean.items():
            kept.now[name].copy_(value)
