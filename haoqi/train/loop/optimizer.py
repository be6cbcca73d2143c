"""The optimizer of a training with its groups: what decays, and what learns at which rate."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from haoqi.train.optimizers import Group, optimizers
from haoqi.train.settings import TrainSettings


def trainable(module: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that learn, by name, in the module's order."""
    return {name: weight for name, weight in module.named_parameters() if weight.requires_grad}


def make_optimizer(
    weights: Mapping[str, nn.Parameter],
    settings: TrainSettings,
    multiplier: Callable[[str], float],
) -> torch.optim.Optimizer:
    """Return the optimizer that the settings name over these weights, at rates and decays that compare with AdamW's.

    Args:
        weights: what learns, by name.
        settings: optimizer and weight decay; the rate is set before each step.
        multiplier: a weight's name to its learning rate, as a multiple of the setting.
    """
    chosen = optimizers.build(settings.optimizer)
    members: dict[tuple[float, float], dict[str, nn.Parameter]] = {}
    for name, weight in weights.items():
        decay = settings.weight_decay if weight.ndim > 1 else 0.0
        members.setdefault((multiplier(name), decay), {})[name] = weight
    return chosen.make(
        [Group(own, times * chosen.rate, decay / chosen.rate) for (times, decay), own in members.items()]
    )


def set_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Let the next step be of this size, times each group's multiplier."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * group["multiplier"]


def dump(optimizer: torch.optim.Optimizer, weights: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """Return what the optimizer remembers by `what/weight`."""
    return {
        f"{what}/{name}": value
        for name, weight in weights.items()
        for what, value in optimizer.state.get(weight, {}).items()
    }


def fill(optimizer: torch.optim.Optimizer, weights: Mapping[str, nn.Parameter], kept: Mapping[str, Tensor]) -> None:
    """Set what the optimizer remembers to what `dump` returned."""
    for key, value in kept.items():
        what, _, name = key.partition("/")
        # A count of steps stays where it was made: the fused kernel on a CPU wants it there.
        optimizer.state[weights[name]][what] = value.clone().to(weights[name].device)
