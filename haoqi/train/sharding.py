"""Weights, gradients and moments cut into a shard per process (ZeRO: Rajbhandari et al., 2020, arXiv:1910.02054).

Each process holds its shard of every weight, and the whole of one layer at a time. Accelerate 1.15 takes its own
plug-in for this on GPUs only, so torch's `fully_shard`, which that plug-in calls, is called here for both.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from haoqi.train.group import sum_numbers
from haoqi.train.optimizer import set_rate
from haoqi.train.recompute import stack_of
from haoqi.train.step import Order, Stepper


def shard(module: nn.Module, device: str, ranks: int) -> None:
    """Leave this process its shard of every weight, layer by layer; gradients add up over processes."""
    mesh = init_device_mesh(device, (ranks,))
    for layer in stack_of(module):
        fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)
    for part in module.modules():
        if isinstance(part, FSDPModule):
            part.set_gradient_divide_factor(1.0)
            # Gloo has no means, only sums.
            part.set_force_sum_reduction_for_comms(True)


class ShardedStepper(Stepper):
    """A stepper whose weights are shards."""

    def update(self, order: Order) -> None:
        """Move this process' shards by their gradients, clipped by the norm over all shards."""
        set_rate(self.optimizer, order.learning_rate)
        grads = [_local(weight.grad) for weight in self.weights.values() if weight.grad is not None]
        if self.settings.clip and grads:
            squares = torch.stack([grad.square().sum() for grad in grads]).sum()
            norm = sum_numbers(squares).sqrt()
            share = torch.clamp(self.settings.clip / (norm + 1e-6), max=1.0)
            for grad in grads:
                grad.mul_(share)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def gather(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return shards put together, the same on every process; all have to ask for it."""
    return {name: whole(value) for name, value in tensors.items()}


def whole(value: Tensor) -> Tensor:
    """Return a tensor put together where it is a shard; all processes have to ask for it."""
    found: Tensor = value.full_tensor() if isinstance(value, DTensor) else value
    return found.detach()


def cut_like(value: Tensor, weight: Tensor) -> Tensor:
    """Return this process' shard of a whole tensor, cut as a weight of its shape is."""
    if not isinstance(weight, DTensor) or value.shape != weight.shape:
        return value
    found: Tensor = distribute_tensor(value, weight.device_mesh, weight.placements, src_data_rank=None)
    return found


def _local(value: Any) -> Tensor:
    return value.to_local() if isinstance(value, DTensor) else value
