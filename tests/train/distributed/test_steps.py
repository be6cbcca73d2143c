"""Trainings by two ranks on this machine's processor, whose weights must be those of one."""

import dataclasses
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from haoqi.core.errors import UserError
from haoqi.methods._tuning import without_dropout
from haoqi.models.bases import Base, load_encoder, resolve
from haoqi.models.encoders.encoder import Batch, EncoderModel
from haoqi.models.encoders.placement import Placement
from haoqi.train.distributed.group import rank_of
from haoqi.train.distributed.launch import launch
from haoqi.train.distributed.steps import share
from haoqi.train.distributed.worker import Tell
from haoqi.train.loop import checkpoint, loop
from haoqi.train.loop.checkpoint import State
from haoqi.train.loop.learner import Learner
from haoqi.train.loop.loop import Diverged, Outcome, fit
from haoqi.train.memory.memory_plan import Parts
from haoqi.train.objectives.adversarial import Adversary
from haoqi.train.objectives.losses import label_gap, label_loss
from haoqi.train.objectives.objective import Objective
from haoqi.train.settings import TrainSettings
from tests.train.test_loop import SETTINGS, Points, summed_loss, weights

ONE, TWO, SHARDED = Placement(), Placement(devices=2), Placement(devices=2, sharding="full")
SHORT = dataclasses.replace(SETTINGS, epochs=2)
OBJECTIVE = Objective(label_loss(focus=1.0), label_gap, r_drop=1.0, adversary=Adversary(0, 0.1))
ROWS = 40
LENGTHS = np.array([4 + row % 7 for row in range(ROWS)])
IDS = torch.randint(5, 90, (ROWS, 10), generator=torch.Generator().manual_seed(0))
TARGETS = (IDS[:, 1] > 45).long()


class Texts(Points):
    """Rows of tokens, as batches."""

    def collate(self, rows: np.ndarray) -> tuple[Batch, Tensor]:
        lengths = torch.from_numpy(LENGTHS[rows])
        return Batch(IDS[rows, : int(lengths.max())], lengths), TARGETS[rows]


class Weighed(Texts):
    """Texts that all count alike."""

    def collate(self, rows: np.ndarray) -> tuple[Batch, Tensor, None]:  # type: ignore[override]
        return *super().collate(rows), None


def model_of(base: Base) -> EncoderModel:
    """Return the same model in every process."""
    found = EncoderModel(without_dropout(load_encoder(base)), 2, pooling="mean")
    found.encoder.embeddings.requires_grad_(False)
    for name, weight in found.named_parameters():
        # Its gradient is 0 but for rounding, which Adam makes as large as any other.
        weight.requires_grad_(weight.requires_grad and not name.endswith("key.bias"))
    return found


def learner(model: nn.Module, **changes: Any) -> Learner:
    given = {"batches": Texts(), "loss": summed_loss, "score_tokens": 1, **changes}
    return Learner(model, rows=ROWS, tokens=int(LENGTHS.sum()), **given)


def right(model: nn.Module) -> float:
    batch, targets = Texts().collate(np.arange(ROWS))
    with torch.no_grad():
        return float((model(batch).argmax(1) == targets).float().mean())


@dataclasses.dataclass(frozen=True)
class Trainings:
    """Trainings whose weights and outcomes are kept in a folder, by name."""

    folder: Path
    base: Base

    def run(self, name: str, placement: Placement, settings: TrainSettings = SETTINGS, **given: Any) -> None:
        """Train, and keep what came of it."""
        model, looks = model_of(self.base), list[float]()

        def score() -> float:
            looks.append(right(model))
            return looks[-1]

        changes = {key: given.pop(key) for key in ("loss", "score", "batches") if key in given}
        trained = learner(model, **{"score": score, **changes})
        outcome = fit(trained, settings, seed=3, placement=placement, **given)
        if rank_of(placement) == 0:
            kept = {"weights": weights(model), "looks": torch.tensor(looks)}
            save_file(kept, self.folder / f"{name}.safetensors")
            (self.folder / f"{name}.json").write_text(json.dumps(dataclasses.asdict(outcome)))

    def run_and_copy(self, name: str, placement: Placement) -> None:
        """Train, and keep the checkpoint as it was at step 6."""
        real, written = checkpoint.write, 0

        def write_and_copy(*given: Any) -> None:
            nonlocal written
            real(*given)
            written += 1
            if written == 6:
                shutil.copytree(self.folder / name, self.folder / f"{name} at step 6")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
            patch.setattr(checkpoint, "write", write_and_copy)
            self.run(name, placement, SHORT, folder=self.folder / name)

    def go_on(self, name: str, placement: Placement) -> None:
        """Go on from that checkpoint."""
        self.run(f"{name}, gone on", placement, SHORT, folder=self.folder / f"{name} at step 6")

    def by_one(self) -> None:
        """Train in one process."""
        self.run("one", ONE)
        self.run("techniques", ONE, dataclasses.replace(SHORT, average=0.5), loss=OBJECTIVE, batches=Weighed())
        self.run_and_copy("one, short", ONE)

    def by_two(self, rank: int, tell: Tell) -> None:
        """Train as one of two ranks."""
        looks = iter([[0.5, 0.4], [0.9, 0.95]][rank])  # what would go on by one is ended by the other
        patient = dataclasses.replace(SETTINGS, patience=1)
        self.run("stopped", TWO, patient, score=lambda: next(looks))
        self.run("no time", TWO, score=None, seconds=[0.0, 1000.0][rank])
        for name, placement in (("two", TWO), ("sharded", SHARDED)):
            self.run(name, placement)
            averaged = dataclasses.replace(SHORT, average=0.5)
            self.run(f"{name}, techniques", placement, averaged, loss=OBJECTIVE, batches=Weighed())
            self.run_and_copy(f"{name}, short", placement)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(loop, "_begun", lambda *given: State(parts=Parts(halvings=1, recomputed=True)))
                self.run(f"{name}, with little memory", placement, SHORT)
        self.go_on("two, short", TWO)
        self.go_on("one, short", SHARDED)

    def by_one_again(self) -> None:
        """Go on in one process from where two were."""
        self.go_on("sharded, short", ONE)

    def weights(self, name: str) -> Tensor:
        """Return what a training ended with."""
        return load_file(self.folder / f"{name}.safetensors")["weights"]

    def looks(self, name: str) -> int:
        """Return how often this call of a training looked at its score."""
        return len(load_file(self.folder / f"{name}.safetensors")["looks"])

    def outcome(self, name: str) -> Outcome:
        """Return what a training came to."""
        return Outcome(**json.loads((self.folder / f"{name}.json").read_text()))


@pytest.fixture(scope="module")
def base(tiny_base: str, home: Path) -> Base:
    return resolve(tiny_base, home / "cache")


@pytest.fixture(scope="module")
def done(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainings]:
    """Train everything that is looked at here; the two ranks are started once."""
    trainings = Trainings(tmp_path_factory.mktemp("trainings"), base)
    trainings.by_one()
    launch(trainings.by_two, 2, "cpu")
    trainings.by_one_again()
    yield trainings


@pytest.mark.parametrize("name", ["two", "sharded"])
def test_two_ranks_give_the_weights_of_one(done: Trainings, base: Base, name: str) -> None:
    one, two = done.outcome("one"), done.outcome(name)
    assert torch.allclose(done.weights("one"), done.weights(name), atol=1e-5)
    assert not torch.allclose(done.weights("one"), weights(model_of(base)), atol=1e-2)
    assert (one.steps, one.ended, one.scores) == (two.steps, two.ended, two.scores)
    assert np.allclose(one.losses, two.losses, atol=1e-5)


@pytest.mark.parametrize("name", ["two", "sharded"])
def test_so_they_do_with_techniques(done: Trainings, name: str) -> None:
    assert torch.allclose(done.weights("techniques"), done.weights(f"{name}, techniques"), atol=1e-5)
    assert not torch.allclose(done.weights("techniques"), done.weights("one, short"), atol=1e-3)


@pytest.mark.parametrize("name", ["two", "sharded"])
def test_so_they_do_in_small_parts_whose_layers_are_computed_twice(done: Trainings, name: str) -> None:
    assert torch.allclose(done.weights("one, short"), done.weights(f"{name}, with little memory"), atol=1e-5)


def test_the_end_is_the_same_for_all(done: Trainings) -> None:
    stopped, short = done.outcome("stopped"), done.outcome("no time")
    assert (stopped.ended, stopped.steps, stopped.score) == ("patience", 10, 0.5)
    assert (short.ended, short.steps) == ("time", 1)


@pytest.mark.parametrize("name", ["two, short", "sharded, short", "one, short"])
def test_a_training_goes_on_whatever_the_devices(done: Trainings, name: str) -> None:
    straight, resumed = done.outcome("one, short"), done.outcome(f"{name}, gone on")
    for training in (name, f"{name}, gone on"):
        assert torch.allclose(done.weights("one, short"), done.weights(training), atol=1e-5)
    assert (straight.steps, straight.scores) == (resumed.steps, resumed.scores)
    assert (done.looks(name), done.looks(f"{name}, gone on")) == (2, 1)  # the first look was before the copy
    assert not list(done.folder.glob(f"*/{checkpoint.FILE}"))


def starved(module: nn.Module, batch: Any) -> Tensor:
    """Return a loss for which more than two rows at once are too many on rank 1."""
    if len(batch[1]) > 2 and torch.distributed.get_rank():
        raise torch.OutOfMemoryError("out of memory")
    return summed_loss(module, batch)


def lost(module: nn.Module, batch: Any) -> Tensor:
    """Return a loss that is no number on rank 1."""
    return summed_loss(module, batch) * (float("nan") if torch.distributed.get_rank() else 1.0)


def train(base: Base, placement: Placement, loss: Any, rank: int, tell: Tell) -> None:
    fit(learner(model_of(base), loss=loss), SETTINGS, seed=0, placement=placement)


@pytest.mark.slow
@pytest.mark.parametrize("placement", [TWO, SHARDED], ids=["data parallel", "sharded"])
def test_memory_that_runs_out_on_one_rank_is_said(base: Base, placement: Placement) -> None:
    with pytest.raises(UserError, match="memory ran out at step 1, and on several devices") as caught:
        launch(partial(train, base, placement, starved), 2, "cpu")
    assert "batch_size" in caught.value.hint


@pytest.mark.slow
def test_a_loss_that_is_no_number_on_one_rank_ends_the_training(base: Base) -> None:
    with pytest.raises(Diverged, match="diverged"):
        launch(partial(train, base, TWO, lost), 2, "cpu")


def test_a_step_is_shared_so_that_nothing_is_left_out_or_counted_twice() -> None:
    for lengths in ((4, 4, 4), (7,), (1,), (4, 4, 1), (3, 3, 3, 3), ()):
        parts = np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1]) if lengths else []
        for divisible in (True, False):
            shares = [share(parts, rank, 3, divisible=divisible) for rank in range(3)]
            rows = [rows for one in shares for rows, counts in one if counts]
            assert sorted(np.concatenate([*rows, []]).tolist()) == list(range(sum(lengths)))
            assert len({len(one) for one in shares}) == 1
            assert divisible or sorted(map(len, rows)) == sorted(lengths)
