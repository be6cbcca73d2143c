import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from haoqi.core.errors import UserError
from haoqi.train.loop import checkpoint, loop
from haoqi.train.loop.batches import epoch_steps
from haoqi.train.loop.loop import Diverged, Learner, fit
from haoqi.train.optimizers import optimizers
from haoqi.train.settings import TrainSettings

ROWS = 40
INPUTS = torch.randn(ROWS, 4, generator=torch.Generator().manual_seed(0))
TARGETS = (INPUTS[:, 0] > 0).long()
SETTINGS = TrainSettings(learning_rate=0.05, epochs=4, batch_size=8, batch_tokens=20, evaluations=1)


class Points:
    """Rows of numbers, as batches."""

    def __init__(self, batch_tokens: int = SETTINGS.batch_tokens) -> None:
        self.batch_tokens = batch_tokens

    def epoch(self, rng: np.random.Generator) -> list[list[np.ndarray]]:
        return epoch_steps(np.full(ROWS, 5), SETTINGS.batch_size, self.batch_tokens, rng)

    def collate(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        return INPUTS[rows], TARGETS[rows]

    def weight(self, rows: np.ndarray) -> float:
        return float(len(rows))


def network(dropout: float = 0.3) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 2))


def summed_loss(module: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return nn.functional.cross_entropy(module(batch[0]), batch[1], reduction="sum")


def learner(module: nn.Module, score: Callable[[], float] | None = None, batches: Any = None) -> Learner:
    return Learner(module, batches or Points(), summed_loss, rows=ROWS, tokens=5 * ROWS, score=score, score_tokens=1)


def weights(module: nn.Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in module.parameters()])


def accuracy(module: nn.Module) -> float:
    with torch.no_grad():
        return float((module(INPUTS).argmax(1) == TARGETS).float().mean())


def test_it_learns() -> None:
    module = network(dropout=0.0)
    outcome = fit(learner(module), SETTINGS, seed=0)
    assert accuracy(module) > 0.8
    assert (outcome.steps, outcome.ended, outcome.score) == (20, "done", None)
    assert outcome.losses[-1][1] < outcome.losses[0][1]
    assert not module.training


def test_it_repeats_itself_under_a_seed_and_leaves_the_global_generator_alone() -> None:
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed + 17)
        before, module = torch.get_rng_state(), network()
        fit(learner(module), SETTINGS, seed=seed)
        assert torch.equal(before, torch.get_rng_state())
        found.append(weights(module))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


class Stopped(BaseException):
    """Stands for a killed process."""


def late(name: str, share: float) -> bool:
    """Return whether a weight of the first layer is yet to begin to learn."""
    return name.startswith("0.") and share < 0.5


def test_a_layer_begins_to_learn_when_its_time_has_come() -> None:
    module, seen = network(), []

    def loss(given: nn.Module, batch: Any) -> Tensor:
        lower, upper = (given.get_parameter(f"{at}.weight") for at in (0, 3))
        seen.append((lower.detach().clone(), upper.detach().clone(), lower.requires_grad))
        return summed_loss(given, batch)

    fit(dataclasses.replace(learner(module), loss=loss, waits=late), SETTINGS, seed=0)
    assert len(seen) == 40  # each of 20 steps has two parts
    begun = [learns for *_, learns in seen]
    assert begun == [False] * 20 + [True] * 20
    assert all(torch.equal(lower, seen[0][0]) for lower, *_ in seen[:22])
    assert not any(torch.equal(one[0], other[0]) for one, other in zip(seen[20::2], seen[22::2], strict=False))
    assert not torch.equal(seen[0][1], seen[2][1]) or not torch.equal(seen[0][1], seen[4][1])
    assert all(weight.requires_grad for weight in module.parameters())


VARIED = [
    *({"optimizer": name} for name in optimizers.names()),
    {"schedule": "inverse_sqrt", "optimizer": "lion"},
    {"ema": 0.8},
    {"waits": late},
    {"waits": late, "optimizer": "muon", "ema": 0.9},
]


@pytest.mark.parametrize("stop_at", [5, 12])
@pytest.mark.parametrize("varied", VARIED, ids=lambda varied: " ".join(varied))
def test_resuming_equals_not_having_stopped_whatever_learns_how(
    tmp_path: Path, varied: dict[str, Any], stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    given = {key: value for key, value in varied.items() if key != "waits"}
    settings, modules = dataclasses.replace(SETTINGS, **given), [network() for _ in range(3)]
    straight, stopped, resumed = (
        dataclasses.replace(learner(one, partial(accuracy, one)), waits=varied.get("waits")) for one in modules
    )
    whole, calls = fit(straight, settings, seed=3), 0

    def stop(module: nn.Module, batch: Any) -> Tensor:
        nonlocal calls
        calls += 1
        if calls > 2 * stop_at:
            raise Stopped
        return summed_loss(module, batch)

    with pytest.raises(Stopped):
        fit(dataclasses.replace(stopped, loss=stop), settings, seed=3, folder=tmp_path)
    outcome = fit(resumed, settings, seed=3, folder=tmp_path)
    assert torch.equal(weights(modules[0]), weights(modules[2]))
    assert outcome.scores == whole.scores


@pytest.mark.parametrize("stop_at", [1, 5, 7, 19])
def test_resuming_equals_not_having_stopped_to_the_bit(
    tmp_path: Path, stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    straight, stopped, resumed = network(), network(), network()
    whole = fit(learner(straight, lambda: accuracy(straight)), SETTINGS, seed=3)

    calls = 0

    def stop(module: nn.Module, batch: Any) -> Tensor:
        nonlocal calls
        calls += 1
        if calls > 2 * stop_at:  # each step has two parts
            raise Stopped
        return summed_loss(module, batch)

    broken = dataclasses.replace(learner(stopped, lambda: accuracy(stopped)), loss=stop)
    with pytest.raises(Stopped):
        fit(broken, SETTINGS, seed=3, folder=tmp_path)
    outcome = fit(learner(resumed, lambda: accuracy(resumed)), SETTINGS, seed=3, folder=tmp_path)
    assert torch.equal(weights(straight), weights(resumed))
    assert outcome.scores == whole.scores
    assert outcome.losses == whole.losses
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\x00" * 7, b"\xff" * 100])
def test_a_damaged_checkpoint_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / checkpoint.FILE).write_bytes(content)
    straight, module = network(), network()
    fit(learner(straight), SETTINGS, seed=0)
    fit(learner(module), SETTINGS, seed=0, folder=tmp_path)
    assert torch.equal(weights(straight), weights(module))


def test_a_checkpoint_of_another_training_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "_REPORTS_PER_SECOND", 1e9)

    def stop(share: float, note: str) -> None:
        if checkpoint.FILE in {path.name for path in tmp_path.iterdir()}:
            raise Stopped

    with pytest.raises(Stopped):
        fit(learner(network()), SETTINGS, seed=0, folder=tmp_path, report=stop)
    other, straight = network(), network()
    fit(learner(other), SETTINGS, seed=1, folder=tmp_path)
    fit(learner(straight), SETTINGS, seed=1)
    assert torch.equal(weights(other), weights(straight))


def test_the_best_weights_are_restored() -> None:
    module = network()
    seen: list[Tensor] = []
    scores = iter([0.2, 0.9, 0.1, 0.3])

    def score() -> float:
        seen.append(weights(module))
        return next(scores)

    outcome = fit(learner(module, score), SETTINGS, seed=0)
    assert outcome.score == 0.9
    assert torch.equal(weights(module), seen[1])


@pytest.mark.parametrize("evaluates_first", [False, True])
def test_a_good_start_that_nothing_surpasses_stands(evaluates_first: bool) -> None:
    module = network()
    start, looks = weights(module), 0

    def score() -> float:
        nonlocal looks
        looks += 1
        return 1.0 - (not torch.equal(weights(module), start)) * 0.1 * (1 + looks)

    outcome = fit(dataclasses.replace(learner(module, score), evaluates_first=evaluates_first), SETTINGS, seed=0)
    assert torch.equal(weights(module), start) is evaluates_first
    assert next(step for step, _ in outcome.scores) == (0 if evaluates_first else 5)


def test_training_ends_when_the_score_no_longer_rises() -> None:
    module = network()
    scores = iter([0.5, 0.4, 0.3])
    settings = dataclasses.replace(SETTINGS, patience=2)
    outcome = fit(learner(module, lambda: next(scores)), settings, seed=0)
    assert (outcome.ended, outcome.steps, outcome.score) == ("patience", 15, 0.5)


def test_looks_that_would_cost_more_than_they_tell_are_left_out() -> None:
    module, looks = network(), []

    def score() -> float:
        looks.append(1)
        return 0.5

    costly = dataclasses.replace(learner(module, score), score_tokens=120)
    fit(costly, SETTINGS, seed=0)
    assert len(looks) == 2  # every second epoch, and the end is one of them


def test_parts_of_a_step_add_up_to_the_whole_step() -> None:
    whole, parted = network(dropout=0.0), network(dropout=0.0)
    fit(learner(whole, batches=Points(batch_tokens=1000)), SETTINGS, seed=0)
    fit(learner(parted, batches=Points(batch_tokens=10)), SETTINGS, seed=0)
    assert torch.allclose(weights(whole), weights(parted), atol=1e-4)


def test_no_time_still_means_one_step() -> None:
    outcome = fit(learner(network()), SETTINGS, seed=0, seconds=0.0)
    assert (outcome.steps, outcome.ended) == (1, "time")


def test_a_loss_that_is_no_number_is_said_plainly() -> None:
    def lost(module: nn.Module, batch: Any) -> Tensor:
        return summed_loss(module, batch) * float("nan")

    broken = dataclasses.replace(learner(network()), loss=lost)
    with pytest.raises(Diverged, match="diverged: the loss was nan at step 1") as caught:
        fit(broken, SETTINGS, seed=0)
    assert isinstance(caught.value, UserError)
    assert "learning_rate" in caught.value.hint


def test_frozen_weights_do_not_move() -> None:
    module = network()
    frozen = module[0].weight  # type: ignore[index]
    frozen.requires_grad_(False)
    before = frozen.detach().clone()
    fit(learner(module), SETTINGS, seed=0)
    assert torch.equal(before, frozen)


def test_a_multiplier_of_nothing_holds_weights_still() -> None:
    module = network()
    before = module[0].weight.detach().clone()  # type: ignore[index]
    slow = dataclasses.replace(learner(module), multiplier=lambda name: 0.0 if name.startswith("0.") else 1.0)
    fit(slow, SETTINGS, seed=0)
    assert torch.equal(before, module[0].weight)  # type: ignore[index]


def test_reports_end_with_all_done() -> None:
    shares: list[float] = []
    fit(learner(network()), SETTINGS, seed=0, report=lambda share, note: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1
