from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from haoqi.train.loop.optimizer import dump, fill, make_optimizer, set_rate, trainable
from haoqi.train.optimizers import Group, optimizers
from haoqi.train.optimizers.muon import orthogonal
from haoqi.train.settings import TrainSettings

NAMES = optimizers.names()
STEPS, RATE, DECAY = 20, 0.02, 0.1
STATES = torch.randn(50, 6, generator=torch.Generator().manual_seed(1))
ANSWERS = STATES @ torch.randn(6, 5, generator=torch.Generator().manual_seed(2)) + 0.3


class Quadratic(nn.Module):
    """A layer's matrix and bias under a squared error."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.layers = nn.ModuleList([nn.Linear(6, 5)])
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=generator) / 3

    def forward(self) -> Tensor:
        return ((self.layers[0](STATES) - ANSWERS) ** 2).mean()


def made(module: nn.Module, name: str, decay: float = DECAY) -> torch.optim.Optimizer:
    settings = TrainSettings(optimizer=name, weight_decay=decay)
    return make_optimizer(trainable(module), settings, lambda weight: 1.0)


def trace(module: Quadratic, optimizer: torch.optim.Optimizer, before: Callable[[], None] = lambda: None) -> np.ndarray:
    """Return the matrix and the bias after each step."""
    found = []
    for _ in range(STEPS):
        module.zero_grad()
        module().backward()
        before()
        optimizer.step()
        found.append(torch.cat([weight.detach().flatten() for weight in module.parameters()]).numpy().copy())
    return np.array(found)


def ours(name: str) -> np.ndarray:
    module = Quadratic()
    optimizer = made(module, name)
    return trace(module, optimizer, lambda: set_rate(optimizer, RATE))


def torchs(maker: Any, decay: float, **given: Any) -> np.ndarray:
    """Return the trace of one of torch's optimizers whose matrix decays, and its bias not."""
    module = Quadratic()
    matrix, bias = module.parameters()
    return trace(module, maker([{"params": [matrix], "weight_decay": decay}, {"params": [bias]}], **given))


def test_adamw_is_torchs() -> None:
    assert np.allclose(ours("adamw"), torchs(torch.optim.AdamW, DECAY, lr=RATE, weight_decay=0.0), atol=1e-6)


def test_adafactor_is_torchs() -> None:
    known = torchs(torch.optim.Adafactor, DECAY, lr=RATE, weight_decay=0.0, eps=(None, 1.0))
    assert np.allclose(ours("adafactor"), known, atol=1e-6)


def test_sgd_is_torchs() -> None:
    times = 0.04 * 35**0.5  # 35 numbers learn
    known = torchs(torch.optim.SGD, DECAY / times * 0.1, lr=times * RATE, momentum=0.9)
    assert np.allclose(ours("sgd"), known, atol=1e-5)


def test_lion_follows_its_papers_formula() -> None:
    module, rate = Quadratic(), 0.3 * RATE
    momenta = [np.zeros(weight.shape, np.float32) for weight in module.parameters()]
    found = []
    for _ in range(STEPS):
        module.zero_grad()
        module().backward()
        for place, (weight, decay) in enumerate(zip(module.parameters(), (DECAY / 0.3, 0.0), strict=True)):
            assert weight.grad is not None
            gradient, value = weight.grad.numpy(), weight.detach().numpy().copy()
            direction = np.sign(0.9 * momenta[place] + 0.1 * gradient)
            momenta[place] = 0.99 * momenta[place] + 0.01 * gradient
            weight.data = torch.from_numpy(value - rate * (direction + decay * value))
        found.append(torch.cat([weight.detach().flatten() for weight in module.parameters()]).numpy().copy())
    assert np.allclose(ours("lion"), np.array(found), atol=1e-5)


def test_muon_is_torchs_without_its_rounding_to_bf16_and_adamw_outside_of_matrices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Tensor, "bfloat16", Tensor.clone)
    module = Quadratic()
    matrix, bias = module.parameters()
    muon = torch.optim.Muon([matrix], lr=RATE, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW([bias], lr=RATE, weight_decay=0.0)
    known = trace(module, muon, adamw.step)
    assert np.allclose(ours("muon"), known, atol=1e-4)


def test_muons_directions_become_as_long() -> None:
    for shape in ((6, 5), (5, 6), (4, 4)):
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(3))
        left, values, right = (part.numpy() for part in torch.linalg.svd(matrix, full_matrices=False))
        values = values / np.linalg.norm(values)
        for _ in range(5):
            values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
        assert np.allclose(orthogonal(matrix).numpy(), left * values @ right, atol=1e-4)
        assert values.min() > 0.6


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_the_least(name: str) -> None:
    module = Quadratic()
    optimizer, first = made(module, name, decay=0.0), module().item()
    for step in range(200):
        set_rate(optimizer, 0.2 * (1 - step / 200))
        optimizer.zero_grad()
        module().backward()
        optimizer.step()
    assert module().item() < 0.02 * first


@pytest.mark.parametrize("name", NAMES)
def test_weights_decay_as_under_adamw(name: str) -> None:
    module, rate, steps = Quadratic(), 1e-3, 300
    matrix, bias = module.parameters()
    before, optimizer = matrix.detach().clone(), made(module, name)
    for _ in range(steps):
        set_rate(optimizer, rate)
        for weight in module.parameters():
            weight.grad = torch.zeros_like(weight)
        optimizer.step()
    shrunk = (1 - rate * DECAY) ** steps
    assert torch.allclose(matrix / before, torch.full_like(matrix, shrunk), atol=2e-3)
    assert torch.equal(bias, Quadratic().layers[0].bias)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_moves_weights_about_as_far_as_one_of_adamw(name: str) -> None:
    """Gradients are noise about a mean, cut to length 1, as those of a training."""
    moved = {}
    for one in ("adamw", name):
        weight = nn.Parameter(torch.zeros(300, 400))
        optimizer = make_optimizer({"encoder.layer.0.weight": weight}, TrainSettings(optimizer=one), lambda own: 1.0)
        generator = torch.Generator().manual_seed(0)
        mean = torch.randn(weight.shape, generator=generator)
        for _ in range(40):
            set_rate(optimizer, 1e-3)
            gradient = mean + 3 * torch.randn(weight.shape, generator=generator)
            weight.grad = gradient / gradient.norm()
            optimizer.step()
        moved[one] = weight.detach().norm().item()
    assert 1 / 4 < moved[name] / moved["adamw"] < 4


@pytest.mark.parametrize("name", NAMES)
def test_shards_of_a_weight_learn_what_the_whole_would_only_where_that_is_claimed(name: str) -> None:
    whole = nn.Parameter(torch.randn(4, 6, generator=torch.Generator().manual_seed(4)))
    parts = [nn.Parameter(part.clone()) for part in whole.detach().chunk(2)]
    maker = optimizers.build(name)
    one = maker.make([Group({"layer.weight": whole}, 1.0, 0.0)])
    several = maker.make([Group({f"layer.{place}": part for place, part in enumerate(parts)}, 1.0, 0.0)])
    for seed in range(3):
        gradient = torch.randn(4, 6, generator=torch.Generator().manual_seed(seed)) * torch.arange(1, 5)[:, None]
        whole.grad = gradient
        for part, own in zip(parts, gradient.chunk(2), strict=True):
            part.grad = own.clone()
        for optimizer in (one, several):
            set_rate(optimizer, 0.1)
            optimizer.step()
    assert torch.allclose(whole, torch.cat(list(parts)), atol=1e-6) == maker.elementwise


@pytest.mark.parametrize("name", NAMES)
def test_what_it_remembers_survives(name: str) -> None:
    module, again = Quadratic(), Quadratic()
    optimizer = made(module, name)
    trace(module, optimizer, lambda: set_rate(optimizer, RATE))
    again.load_state_dict(module.state_dict())
    other = made(again, name)
    fill(other, trainable(again), {key: value.clone() for key, value in dump(optimizer, trainable(module)).items()})
    paths = [trace(one, own, lambda own=own: set_rate(own, RATE)) for one, own in ((module, optimizer), (again, other))]  # type: ignore[misc]
    assert np.array_equal(*paths)


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_without_a_gradient_stays_and_nothing_is_remembered_of_it(name: str) -> None:
    module = Quadratic()
    optimizer, before = made(module, name), module.layers[0].weight.detach().clone()
    set_rate(optimizer, RATE)
    module.layers[0].bias.grad = torch.ones(5)
    optimizer.step()
    assert torch.equal(module.layers[0].weight, before)
    assert all(key.endswith("layers.0.bias") for key in dump(optimizer, trainable(module)))


@pytest.mark.parametrize("name", NAMES)
def test_the_rate_is_that_of_adamw_times_its_own_and_the_weights(name: str) -> None:
    module = Quadratic()
    settings = TrainSettings(optimizer=name)
    optimizer = make_optimizer(trainable(module), settings, lambda own: 5.0 if own.endswith("bias") else 1.0)
    set_rate(optimizer, 1e-3)
    rates = {
        id(weight): group["lr"] / optimizers.build(name).rate / (35**0.5 if name == "sgd" else 1)
        for group in optimizer.param_groups
        for weight in group["params"]
    }
    matrix, bias = module.parameters()
    assert rates == pytest.approx({id(matrix): 1e-3, id(bias): 5e-3})
