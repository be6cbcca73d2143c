"""What every kind of adapter owes, built in or brought by another package."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from haoqi.core.config import settings_of
from haoqi.models.bases import Base, lean_encoder, load_encoder, resolve, shared_encoder
from haoqi.models.encoders.adapters.adapter import Adapter, AdapterKind, installed, kind_of, kinds, settle

NAMES = kinds.names()
IDS = torch.tensor([[2, 40, 41, 42, 43, 3], [2, 50, 51, 3, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
WORDS = list(range(30, 60))
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def base(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Base:
    return resolve(tiny_base, tmp_path_factory.mktemp("cache"))


def states(encoder: Any, mask: Tensor | None = MASK) -> Tensor:
    with torch.no_grad():
        found: Tensor = encoder(input_ids=IDS, attention_mask=mask).last_hidden_state
    return found if mask is None else found[mask == 1]


def attached(kind: AdapterKind, base: Base) -> Any:
    encoder: Any = load_encoder(base)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        kind.attach(encoder, WORDS)
    return encoder


def learnt(kind: AdapterKind, base: Base) -> Any:
    """Return an encoder with an adapter that has moved from where it started."""
    encoder = attached(kind, base)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        for weight in encoder.parameters():
            if weight.requires_grad:
                weight.add_(0.2 * torch.randn_like(weight))
    return encoder


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_has_a_default_for_everything(name: str) -> None:
    assert isinstance(kinds.build(name), AdapterKind)
    assert kinds.describe(name)
    assert all(one.help and not one.required for one in settings_of(kinds.get(name)))


@pytest.mark.parametrize("name", NAMES)
def test_only_what_it_brings_learns_and_the_base_gets_no_gradient(name: str, base: Base) -> None:
    kind = kinds.build(name)
    encoder, plain = attached(kind, base), load_encoder(base)
    encoder(input_ids=IDS, attention_mask=MASK).last_hidden_state[MASK == 1].square().mean().backward()
    learning = {name for name, weight in encoder.named_parameters() if weight.requires_grad}
    assert learning
    assert {name for name, weight in encoder.named_parameters() if weight.grad is not None} <= learning
    if name != "biases":  # which are the base's own
        assert not learning & set(dict(plain.named_parameters()))


@pytest.mark.parametrize("name", NAMES)
def test_detached_it_leaves_the_encoder_as_it_was(name: str, base: Base) -> None:
    kind = kinds.build(name)
    encoder, plain = attached(kind, base), load_encoder(base)
    kind.detach(encoder)
    assert list(encoder.state_dict()) == list(plain.state_dict())
    assert not any(weight.requires_grad for weight in encoder.parameters())
    torch.testing.assert_close(states(encoder), states(plain))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mask", [MASK, None], ids=["padded", "whole"])
def test_what_answers_is_what_learnt(name: str, mask: Tensor | None, base: Base) -> None:
    """With the weights merged or beside, in an encoder of Transformers or a lean one, of its own or shared."""
    kind = kinds.build(name)
    encoder = learnt(kind, base)
    expected = states(encoder, mask)
    assert (expected - states(load_encoder(base), mask)).abs().max() > 1e-3
    adapter = settle(kind, encoder)
    torch.testing.assert_close(states(encoder, mask), expected, **CLOSE)
    for other in (load_encoder(base), lean_encoder(base), shared_encoder(base)):
        for merge in (False, True):
            chosen = copy.deepcopy(other)
            again = installed(kind, chosen, adapter.weights, merge=merge)
            assert again.merged in (merge, name == "biases") if kind.merges else not again.merged
            torch.testing.assert_close(states(chosen, mask), expected, **CLOSE)


@pytest.mark.parametrize("name", NAMES)
def test_merged_it_has_the_weights_of_the_base_and_no_more(name: str, base: Base) -> None:
    kind = kinds.build(name)
    encoder = learnt(kind, base)
    adapter = settle(kind, encoder)
    assert adapter.merged == kind.merges
    added = set(encoder.state_dict()) - set(load_encoder(base).state_dict())
    assert added == (set() if kind.merges else set(adapter.weights))
    assert adapter.count == sum(value.numel() for value in adapter.weights.values()) > 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_written_into_weights_that_others_share(name: str, base: Base) -> None:
    kind = kinds.build(name)
    adapter = settle(kind, learnt(kind, base))
    for merge in (False, True):
        mine, others = shared_encoder(base), shared_encoder(base)
        before = states(others)
        installed(kind, mine, adapter.weights, merge=merge)
        assert torch.equal(states(others), before)
        assert torch.equal(states(shared_encoder(base)), before)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_made_again_from_what_is_written_of_it(name: str, base: Base) -> None:
    kind = kinds.build(name)
    adapter = settle(kind, learnt(kind, base))
    plain = adapter.to_plain()
    assert kind_of(plain) == kind
    assert Adapter(kind_of(plain), adapter.weights, plain["merged"]).to_plain() == plain


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_of_the_encoder_stands_by_itself(name: str, base: Base, tmp_path: Path) -> None:
    """As a form makes one, to cast its weights."""
    kind = kinds.build(name)
    encoder = learnt(kind, base)
    settle(kind, encoder)
    before, other = states(encoder), copy.deepcopy(encoder)
    with torch.no_grad():
        for weight in other.parameters():
            weight.zero_()
    assert torch.equal(states(encoder), before)
    assert not torch.equal(states(other), before)
