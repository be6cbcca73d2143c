from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from haoqi.models.encoders.encoder import Batch
from haoqi.train.losses import label_loss
from haoqi.train.wire import dumps, loads


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6).view(2, 3),
        torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).T,
        torch.zeros(0, 5),
        torch.tensor(2.5),
        torch.ones(1, 3).expand(4, 3),
        torch.tensor([True, False]),
        torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    ],
    ids=lambda tensor: f"{tensor.dtype} {tuple(tensor.shape)}",
)
def test_a_tensor_arrives_as_it_was(tensor: Tensor) -> None:
    found = loads(dumps(tensor))
    assert torch.equal(found, tensor)
    assert found.dtype == tensor.dtype
    found.add_(1) if found.dtype is not torch.bool else found.logical_not_()  # it is the receiver's own


def test_a_module_arrives_with_what_is_frozen_and_what_is_shared() -> None:
    module = nn.ModuleDict({"one": nn.Linear(2, 2), "other": nn.Linear(2, 2), "norm": nn.BatchNorm1d(2)})
    module["other"].weight = module["one"].weight
    module["one"].bias.requires_grad_(False)
    found = loads(dumps(module))
    assert found["other"].weight is found["one"].weight
    assert [weight.requires_grad for weight in found.parameters()] == [w.requires_grad for w in module.parameters()]
    assert all(torch.equal(value, module.state_dict()[name]) for name, value in found.state_dict().items())


def test_functions_made_by_functions_arrive() -> None:
    logits, targets = torch.tensor([[1.0, 2.0], [0.5, -1.0]]), torch.tensor([0, 1])
    loss = label_loss(0.1, torch.tensor([1.0, 3.0]))
    assert torch.equal(loads(dumps(loss))(logits, targets), loss(logits, targets))
    scale = 3
    for function in (lambda one, two=2, *, three=1: scale * one + two + three, partial(max, 4), sorted):
        message: Any = loads(dumps(function))
        assert message([1]) == function([1]) if function is sorted else message(5) == function(5)


def test_a_batch_arrives() -> None:
    batch = Batch(torch.arange(6).view(2, 3), torch.tensor([3, 2]))
    found = loads(dumps(("step", batch, None)))
    assert torch.equal(found[1].ids, batch.ids)
    assert found[1].places is None
