import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from haoqi.core.errors import UserError
from haoqi.methods._tuning import without_dropout
from haoqi.models.bases import Base, load_encoder, resolve
from haoqi.models.encoders.encoder import Batch, EncoderModel
from haoqi.models.encoders.placement import Placement
from haoqi.train.loop import checkpoint, loop
from haoqi.train.loop.checkpoint import State
from haoqi.train.loop.loop import fit
from haoqi.train.memory import memory_plan
from haoqi.train.memory.memory_plan import Footprint, Parts, footprint_of, free_bytes, plan
from haoqi.train.memory.recompute import keep, recompute, stack_of
from tests.train.test_loop import ROWS, SETTINGS, Points, Stopped, learner, network, summed_loss, weights

ERRORS = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    RuntimeError("could not create a primitive"),
    MemoryError(),
)


def tight(rows: int, error: BaseException = ERRORS[0]) -> Callable[[nn.Module, Any], Tensor]:
    """Return a loss for which more than so many rows at once are too many, noticed amidst the gradients."""

    def loss(module: nn.Module, batch: Any) -> Tensor:
        found = summed_loss(module, batch)
        if len(batch[1]) > rows:
            found.backward()
            raise error
        return found

    return loss


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error)[:20] or "numpy")
def test_where_memory_runs_out_the_step_is_taken_again_in_smaller_parts(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    starved, small, told = network(), network(), list[str]()
    fit(dataclasses.replace(learner(starved), loss=tight(2, error)), SETTINGS, seed=0, tell=told.append)
    monkeypatch.setattr(loop, "_begun", lambda *given: State(parts=Parts(1)))
    fit(learner(small), SETTINGS, seed=0)
    assert torch.equal(weights(starved), weights(small))
    assert told == ["memory ran out at step 1: parts of up to 10 tokens from there on"]


def test_smaller_parts_give_the_weights_of_the_same_training() -> None:
    starved, roomy, small = network(0.0), network(0.0), network(0.0)
    fit(dataclasses.replace(learner(starved), loss=tight(1)), SETTINGS, seed=0)
    fit(learner(roomy), SETTINGS, seed=0)
    fit(learner(small, batches=Points(batch_tokens=5)), SETTINGS, seed=0)
    assert torch.allclose(weights(starved), weights(roomy), atol=1e-5)
    assert torch.equal(weights(starved), weights(small))


def test_a_step_that_no_part_is_small_enough_for_says_so() -> None:
    with pytest.raises(UserError, match="more memory than there is") as caught:
        fit(dataclasses.replace(learner(network()), loss=tight(0)), SETTINGS, seed=0)
    assert "max_tokens" in caught.value.hint


def test_other_errors_are_not_taken_for_short_memory() -> None:
    broken = dataclasses.replace(learner(network()), loss=tight(2, RuntimeError("shapes do not fit")))
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        fit(broken, SETTINGS, seed=0)


def test_a_resumed_training_keeps_its_smaller_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    straight, resumed, told = network(), network(), list[str]()
    loss, calls = tight(2), 0

    def from_the_third_step(module: nn.Module, batch: Any) -> Tensor:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise Stopped
        return (loss if calls > 4 else summed_loss)(module, batch)

    def whole(module: nn.Module, batch: Any) -> Tensor:
        nonlocal calls
        calls += 1
        return (loss if calls > 4 else summed_loss)(module, batch)

    with pytest.raises(Stopped):
        fit(dataclasses.replace(learner(resumed), loss=from_the_third_step), SETTINGS, seed=2, folder=tmp_path)
    assert (tmp_path / checkpoint.FILE).exists()
    # No part is too large for the memory there is now, and yet they stay as small as they were.
    fit(learner(resumed), SETTINGS, seed=2, folder=tmp_path, tell=told.append)
    calls = 0
    fit(dataclasses.replace(learner(straight), loss=whole), SETTINGS, seed=2)
    assert torch.equal(weights(straight), weights(resumed))
    assert told == ["memory ran out at step 3: parts of up to 10 tokens from there on"]


SMALL = Footprint(layers=6, width=384, inner=1536, heads=12, longest=256, attended=64)
SIZES = st.floats(0, 1e11)


@given(SIZES, SIZES)
def test_less_memory_never_means_larger_parts(one: float, other: float) -> None:
    less, more = (plan(SMALL, 4096, 10_000_000, room) for room in sorted((one, other)))
    assert (less.recomputed, less.halvings if less.recomputed == more.recomputed else 0) >= (
        more.recomputed,
        more.halvings if less.recomputed == more.recomputed else 0,
    )


@given(SIZES, st.integers(1, 20_000), st.booleans())
def test_a_plan_fits_or_is_the_smallest_there_is(room: float, tokens: int, divisible: bool) -> None:
    found = plan(SMALL, tokens, 1_000_000, room, divisible=divisible)
    at_once = max(min(tokens, SMALL.longest), tokens >> found.halvings)
    fits = SMALL.activations(at_once, recomputed=found.recomputed) + 16e6 <= 0.8 * room
    assert fits or (found.recomputed and (not divisible or at_once <= SMALL.longest))
    assert divisible or not found.halvings


def test_memory_in_plenty_changes_nothing() -> None:
    assert plan(SMALL, 4096, 10_000_000, 64e9) == Parts()


def test_a_training_starts_with_parts_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    footprint = Footprint(layers=1, width=4, inner=8, heads=1, longest=5)
    room = (footprint.activations(10) + 4 * 4 * 58) / 0.8  # for half the tokens of a part, and 58 weights
    monkeypatch.setattr(memory_plan, "free_bytes", lambda placement: room)
    module, roomy, told, rows = network(0.0), network(0.0), list[str](), list[int]()

    def counted(model: nn.Module, batch: Any) -> Tensor:
        rows.append(len(batch[1]))
        return summed_loss(model, batch)

    planned = dataclasses.replace(learner(module), footprint=footprint, loss=counted)
    fit(planned, SETTINGS, seed=0, tell=told.append)
    fit(learner(roomy), SETTINGS, seed=0)
    assert max(rows) == 2
    assert told == ["parts of up to 10 tokens, to fit into the memory that was free"]
    assert torch.allclose(weights(module), weights(roomy), atol=1e-5)


def test_free_memory_is_shared_by_the_processes_of_a_training() -> None:
    alone, four = free_bytes(Placement()), free_bytes(Placement(devices=4))
    assert 0 < four < alone


@pytest.fixture(scope="module")
def base(tiny_base: str, home: Path) -> Base:
    return resolve(tiny_base, home / "cache")


def encoder_of(base: Base) -> EncoderModel:
    model = EncoderModel(without_dropout(load_encoder(base)), 2, pooling="mean")
    with torch.no_grad():
        model.head.weight.copy_(torch.linspace(-1, 1, model.head.weight.numel()).view_as(model.head.weight))
    return model


def batch(rows: int, tokens: int) -> Batch:
    ids = torch.arange(rows * tokens).view(rows, tokens) % 50
    return Batch(ids, torch.full((rows,), tokens))


def kept_bytes(model: EncoderModel, rows: int, tokens: int) -> int:
    """Return the bytes that a forward pass keeps for the backward pass, weights apart."""
    sizes: dict[int, int] = {}
    own = {weight.untyped_storage().data_ptr() for weight in model.parameters()}

    def pack(value: Tensor) -> Tensor:
        if value.untyped_storage().data_ptr() not in own:
            sizes[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
        return value

    alive: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda value: (alive.append(value), pack(value))[1], lambda one: one):
        model(batch(rows, tokens)).sum().backward()
    return sum(sizes.values())


def gradients(model: EncoderModel) -> dict[str, Tensor]:
    model.zero_grad()
    model.train()
    model(batch(3, 7)).square().sum().backward()
    return {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}


def test_layers_computed_twice_keep_less_and_give_the_same_gradients_to_the_bit(base: Base) -> None:
    model = encoder_of(base)
    before, much = gradients(model), kept_bytes(model, 4, 16)
    recompute(model)
    twice, little = gradients(model), kept_bytes(model, 4, 16)
    assert little < 0.7 * much
    assert before.keys() == twice.keys()
    assert all(torch.equal(before[name], twice[name]) for name in before)
    keep(model)
    assert not any("forward" in vars(layer) for layer in stack_of(model))
    assert kept_bytes(model, 4, 16) == much


@pytest.mark.parametrize(("rows", "tokens", "plain"), [(8, 16, True), (2, 100, False)])
def test_what_layers_keep_is_told_within_a_third(base: Base, rows: int, tokens: int, plain: bool) -> None:
    model = encoder_of(base)
    footprint = footprint_of(model, tokens)
    assert footprint is not None
    per_token = footprint.kept if plain else dataclasses.replace(footprint, attended=0).kept
    real = kept_bytes(model, rows, tokens)
    assert real / 1.34 < rows * tokens * footprint.layers * per_token < 1.34 * real
    assert footprint.kept >= per_token  # shorter rows of the same training may be computed in the plain way


def test_frozen_layers_below_keep_nothing(base: Base) -> None:
    model = encoder_of(base)
    assert footprint_of(model, 10) == Footprint(layers=2, width=8, inner=16, heads=2, longest=10, attended=10)
    model.encoder.requires_grad_(False)
    assert footprint_of(model, 10) == Footprint(layers=0, width=8, inner=16, heads=2, longest=10, attended=10)
    for weight in stack_of(model)[1].parameters():
        weight.requires_grad_(True)
    assert footprint_of(model, 10) == Footprint(layers=1, width=8, inner=16, heads=2, longest=10, attended=10)


def test_an_encoder_that_no_part_is_small_enough_for_keeps_less_of_each_layer(base: Base) -> None:
    model, told = encoder_of(base), list[str]()
    ids, targets = torch.arange(ROWS * 5).view(ROWS, 5) % 50, torch.arange(ROWS) % 2

    class Texts(Points):
        def collate(self, rows: Any) -> Any:
            return Batch(ids[rows], torch.full((len(rows),), 5)), targets[rows]

    def starved(module: nn.Module, given: Any) -> Tensor:
        if not any("forward" in vars(layer) for layer in stack_of(module)):
            raise ERRORS[0]
        return summed_loss(module, given)

    once = dataclasses.replace(SETTINGS, epochs=1)
    fit(dataclasses.replace(learner(model, batches=Texts()), loss=starved), once, seed=0, tell=told.append)
    assert told[-1] == (
        "memory ran out at step 1: parts of up to 5 tokens and layers computed twice instead of kept from there on"
    )
    assert not any("forward" in vars(layer) for layer in stack_of(model))


def test_the_terminal_the_ledger_and_the_report_say_that_memory_was_short(
    tiny_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haoqi import pipeline
    from haoqi.core.events import Event, Note, Released
    from haoqi.core.ledger import Ledger
    from haoqi.explore.record.earlier_ledgers import read_reason
    from haoqi.run import run_of
    from tests.test_pipeline import reviews

    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(memory_plan, "free_bytes", lambda placement: 0.0)
    seen: list[Event] = []
    source, limits = str(reviews(tmp_path / "reviews.csv", rows=60)), {"steps": 1, "folds": 0, "variants": 0}
    pipeline.improve(run_of(source, base=(tiny_base,), methods=("full",), compile=False, **limits), seen.append)
    [path] = (tmp_path / "home" / "runs" / "reviews").glob("*/ledger.sqlite")
    ledger = Ledger(path)
    [experiment] = [entry.body for entry in ledger.entries(ledger.runs()[0], "experiment")]
    ledger.close()
    noted = read_reason(experiment["notes"][0])
    assert noted is not None and noted.kind == "train.memory.planned"
    note = noted.words()
    assert "layers computed twice instead of kept, to fit into the memory that was free" in note
    assert any(isinstance(event, Note) and event.warning and event.text.endswith(note) for event in seen)
    told = seen[-1]
    assert isinstance(told, Released)
    assert f"No. 1: {note}" in Path(told.report).read_text(encoding="utf-8")
