import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from haoqi.train.loop import averaging, checkpoint, loop
from haoqi.train.loop.checkpoint import State, Weights
from haoqi.train.loop.loop import fit
from tests.train.test_loop import SETTINGS, Stopped, accuracy, learner, network, summed_loss, weights

AVERAGED = dataclasses.replace(SETTINGS, average=0.5)


def passed_through(module: nn.Module, settings: Any) -> list[Tensor]:
    """Train, and return the weights before every step and after the last."""
    seen: list[Tensor] = []

    def loss(given: nn.Module, batch: Any) -> Tensor:
        seen.append(weights(given))
        return summed_loss(given, batch)

    fit(dataclasses.replace(learner(module), loss=loss), settings, seed=0)
    distinct = [one for place, one in enumerate(seen) if not place or not torch.equal(one, seen[place - 1])]
    return [*distinct, weights(module)]


def test_the_mean_is_that_of_the_weights_after_each_of_the_last_steps() -> None:
    plain, averaged = network(dropout=0.0), network(dropout=0.0)
    path = passed_through(plain, SETTINGS)
    fit(learner(averaged), AVERAGED, seed=0)
    assert len(path) == 21
    assert torch.allclose(weights(averaged), torch.stack(path[-11:]).mean(0), atol=1e-6)
    assert not torch.allclose(weights(averaged), weights(plain), atol=1e-3)


def test_a_running_mean_is_that_of_all_weights_and_forgets_the_first() -> None:
    plain, running = network(dropout=0.0), network(dropout=0.0)
    path = passed_through(plain, SETTINGS)
    fit(learner(running), dataclasses.replace(SETTINGS, ema=0.6), seed=0)
    known = path[1]
    for count, now in enumerate(path[2:], 2):
        stays = min(0.6, count / (count + 9))
        known = stays * known + (1 - stays) * now
    assert torch.allclose(weights(running), known, atol=1e-6)
    assert not torch.allclose(weights(running), weights(plain), atol=1e-3)


@pytest.mark.parametrize("good", [True, False])
def test_the_mean_stands_only_where_it_scores_no_worse(good: bool) -> None:
    module, mean = network(), network()
    fit(learner(mean), AVERAGED, seed=0)
    looks: list[Tensor] = []

    def score() -> float:
        looks.append(weights(module))
        return 0.9 if len(looks) == 2 or (good and len(looks) == 5) else 0.4

    outcome = fit(learner(module, score), AVERAGED, seed=0)
    assert len(looks) == 5  # one an epoch, and one for the mean
    assert torch.equal(looks[4], weights(mean))
    assert torch.equal(weights(module), looks[4 if good else 1])
    assert (outcome.score, outcome.scores[-1]) == (0.9, (20, 0.9 if good else 0.4))


@pytest.mark.parametrize("stop_at", [5, 13, 19])
def test_resuming_equals_not_having_stopped_to_the_bit(
    tmp_path: Path, stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    straight, stopped, resumed = network(), network(), network()
    whole = fit(learner(straight, lambda: accuracy(straight)), AVERAGED, seed=3)
    steps = 0

    def stop(*given: Any) -> None:
        nonlocal steps
        real(*given)
        steps += 1
        if steps == stop_at:
            raise Stopped

    real = checkpoint.write
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(checkpoint, "write", stop)
        fit(learner(stopped, lambda: accuracy(stopped)), AVERAGED, seed=3, folder=tmp_path)
    outcome = fit(learner(resumed, lambda: accuracy(resumed)), AVERAGED, seed=3, folder=tmp_path)
    assert torch.equal(weights(straight), weights(resumed))
    assert outcome.scores == whole.scores


def test_of_many_steps_some_dozens_are_taken() -> None:
    module = network()
    kept, state, taken = Weights(dict(module.named_parameters())), State(), 0
    for step in range(1, 10_001):
        state.step = step
        taken += averaging.due(state, step / 10_000, AVERAGED, 10_000)
    assert 32 <= taken <= 64
    assert not averaging.due(State(step=1), 1.0, SETTINGS, 1)
    averaging.take(state, kept)
    assert torch.equal(kept.mean["0.weight"], kept.now["0.weight"])
