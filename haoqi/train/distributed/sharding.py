"""Weights, gradients and moments cut into a shard per rank (ZeRO: Rajbhandari et al., 2020, arXiv:1910.02054)."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from haoqi.models.encoders.placement import Placement
from haoqi.train.memory.recompute import stack_of


def shard(module: nn.Module, placement: Placement) -> None:
    """Leave of each weight a shard in its place; a layer's are put together while it computes."""
    mesh = init_device_mesh(placement.device, (placement.devices,))
    for layer in stack_of(module):
        fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)


def whole(value: Tensor) -> Tensor:
    """Return a tensor put together where it is a shard; all ranks have to ask for it."""
    return value.full_tensor().detach() if isinstance(value, DTensor) else value.detach()


def cut(moments: Mapping[str, Tensor], weights: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """Return this rank's shards of whole moments, which are named `what/weight`; counts of steps stay as they are."""
    found = {}
    for key, value in moments.items():
        weight = weights[key.partition("/")[2]]
        if isinstance(weight, DTensor) and value.shape == weight.shape:
            value = distribute_tensor(value, weight.device_mesh, weight.placements, src_data_rank=None)
        found[key] = value
    return found
