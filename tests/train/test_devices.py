"""Two processes on this machine's processor, whose weights must be those of one."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch import Tensor, nn

from haoqi.core.errors import UserError
from haoqi.methods._tuning import without_dropout
from haoqi.models.bases import Base, load_encoder, resolve
from haoqi.models.encoders.encoder import Batch, EncoderModel
from haoqi.models.encoders.placement import Placement
from haoqi.train import checkpoint, loop
from haoqi.train.devices import share
from haoqi.train.learner import Learner
from haoqi.train.loop import Diverged, Outcome, fit
from haoqi.train.processes import Child, kept_processes
from haoqi.train.recompute import stack_of
from tests.train.test_loop import SETTINGS, Points, summed_loss, weights

TWO = Placement(devices=2)
SHARDED = Placement(devices=2, sharding="full")
ROWS = 40
LENGTHS = np.array([4 + row % 7 for row in range(ROWS)])
IDS = torch.randint(5, 90, (ROWS, 10), generator=torch.Generator().manual_seed(0))
TARGETS = (IDS[:, 1] > 45).long()


class Texts(Points):
    """Rows of pieces, as batches."""

    def collate(self, rows: np.ndarray) -> tuple[Batch, Tensor]:
        lengths = torch.from_numpy(LENGTHS[rows])
        return Batch(IDS[rows, : int(lengths.max())], lengths), TARGETS[rows]


@pytest.fixture(scope="module", autouse=True)
def processes() -> Iterator[None]:
    """Start the child once for all tests here."""
    with kept_processes():
        yield


@pytest.fixture
def model(tiny_base: str, home: Path) -> EncoderModel:
    base: Base = resolve(tiny_base, home / "cache")
    found = EncoderModel(without_dropout(load_encoder(base)), 2, pooling="mean")
    found.encoder.embeddings.requires_grad_(False)
    for name, weight in found.named_parameters():
        # Its gradient is 0 but for rounding, which Adam makes as large as any other.
        weight.requires_grad_(weight.requires_grad and not name.endswith("key.bias"))
    return found


def again(model: EncoderModel) -> EncoderModel:
    from copy import deepcopy

    return deepcopy(model)


def learner(model: nn.Module, **changes: Any) -> Learner:
    given = {"loss": summed_loss, "score": lambda: right(model), "score_tokens": 1, **changes}
    return Learner(model, Texts(), rows=ROWS, tokens=int(LENGTHS.sum()), **given)


def right(model: nn.Module) -> float:
    batch, targets = Texts().collate(np.arange(ROWS))
    with torch.no_grad():
        return float((model(batch).argmax(1) == targets).float().mean())


def close(one: Outcome, other: Outcome) -> bool:
    steps = [step for step, _ in one.losses] == [step for step, _ in other.losses]
    return steps and np.allclose([loss for _, loss in one.losses], [loss for _, loss in other.losses], atol=1e-5)


@pytest.mark.parametrize("placement", [TWO, SHARDED], ids=["data parallel", "sharded"])
def test_two_processes_give_the_weights_of_one(model: EncoderModel, placement: Placement) -> None:
    other, threads, before = again(model), torch.get_num_threads(), dict(os.environ)
    one = fit(learner(model), SETTINGS, seed=0)
    two = fit(learner(other), SETTINGS, seed=0, placement=placement)
    assert torch.allclose(weights(model), weights(other), atol=1e-5)
    assert not torch.allclose(weights(model), weights(again(model).apply(reset)), atol=1e-2)
    assert (one.steps, one.ended, one.scores) == (two.steps, two.ended, two.scores)
    assert close(one, two)
    assert not torch.distributed.is_initialized()
    assert (torch.get_num_threads(), dict(os.environ)) == (threads, before)


def reset(module: nn.Module) -> None:
    for weight in module.parameters(recurse=False):
        nn.init.zeros_(weight)


def test_the_end_is_decided_by_one_for_all(model: EncoderModel) -> None:
    patient = dataclasses.replace(SETTINGS, patience=1)
    falling = iter([0.5, 0.4])
    stopped = fit(learner(model, score=lambda: next(falling)), patient, seed=0, placement=TWO)
    assert (stopped.ended, stopped.steps, stopped.score) == ("patience", 10, 0.5)
    short = fit(learner(model, score=None), SETTINGS, seed=0, placement=TWO, seconds=0.0)
    assert (short.ended, short.steps) == ("time", 1)


@pytest.mark.parametrize(
    ("first", "then"),
    [(TWO, TWO), (SHARDED, Placement()), (Placement(), SHARDED)],
    ids=lambda placement: f"{placement.devices} {placement.sharding}",
)
def test_a_training_goes_on_whatever_the_devices(
    model: EncoderModel, first: Placement, then: Placement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", 0.0)
    straight, stopped, short = again(model), again(model), dataclasses.replace(SETTINGS, epochs=2)
    real, written = checkpoint.write, 0

    def write_and_copy(*given: Any) -> None:
        nonlocal written
        real(*given)
        written += 1
        if written == 6:
            shutil.copytree(tmp_path / "run", tmp_path / "as it was at step 6")

    monkeypatch.setattr(checkpoint, "write", write_and_copy)
    whole = fit(learner(stopped), short, seed=3, placement=first, folder=tmp_path / "run")
    monkeypatch.setattr(checkpoint, "write", real)
    outcome = fit(learner(model), short, seed=3, placement=then, folder=tmp_path / "as it was at step 6")
    fit(learner(straight), short, seed=3)
    assert torch.allclose(weights(straight), weights(model), atol=1e-5)
    assert torch.allclose(weights(straight), weights(stopped), atol=1e-5)
    assert (outcome.steps, outcome.scores) == (whole.steps, whole.scores)
    assert not list(tmp_path.glob(f"*/{checkpoint.FILE}"))


def test_memory_that_runs_out_in_a_child_halves_the_parts_of_all(model: EncoderModel) -> None:
    other, told = again(model), list[str]()
    fit(learner(model), SETTINGS, seed=0)
    fit(learner(other, loss=Starved(os.getpid())), SETTINGS, seed=0, placement=TWO, tell=told.append)
    assert torch.allclose(weights(model), weights(other), atol=1e-5)
    assert told == ["memory ran out at step 1: parts of up to 10 tokens from there on"]


@dataclasses.dataclass(frozen=True)
class Starved:
    """A loss for which more than two rows at once are too many in a child."""

    parent: int

    def __call__(self, module: nn.Module, batch: Any) -> Tensor:
        if len(batch[1]) > 2 and os.getpid() != self.parent:
            raise torch.OutOfMemoryError("out of memory")
        return summed_loss(module, batch)


@pytest.mark.slow
def test_layers_are_computed_twice_in_every_process(model: EncoderModel) -> None:
    other, told = again(model), list[str]()
    fit(learner(model), SETTINGS, seed=0)
    fit(learner(other, loss=whole_layers), SETTINGS, seed=0, placement=TWO, tell=told.append)
    assert torch.allclose(weights(model), weights(other), atol=1e-5)
    assert "layers computed twice" in told[-1]


def whole_layers(module: nn.Module, batch: Any) -> Tensor:
    """Return a loss for which there is no memory as long as layers are kept whole."""
    if not any("forward" in vars(layer) for layer in stack_of(module)):
        raise torch.OutOfMemoryError("out of memory")
    found: Tensor = summed_loss(module, batch)
    return found


def test_shards_amidst_which_memory_runs_out_say_so(model: EncoderModel) -> None:
    with pytest.raises(UserError, match="out of memory"):
        fit(learner(model, loss=Starved(os.getpid())), SETTINGS, seed=0, placement=SHARDED)


@pytest.mark.slow
def test_a_loss_that_is_no_number_in_a_child_ends_the_training(model: EncoderModel) -> None:
    with pytest.raises(Diverged, match="diverged"):
        fit(learner(model, loss=Lost(os.getpid())), SETTINGS, seed=0, placement=TWO)


@dataclasses.dataclass(frozen=True)
class Lost:
    """A loss that is no number in a child."""

    parent: int

    def __call__(self, module: nn.Module, batch: Any) -> Tensor:
        found: Tensor = summed_loss(module, batch)
        return found if os.getpid() == self.parent else found * float("nan")


@pytest.mark.parametrize(
    "placement", [TWO, pytest.param(SHARDED, marks=pytest.mark.slow)], ids=["data parallel", "sharded"]
)
def test_a_killed_child_is_said_plainly_and_leaves_nothing_behind(
    model: EncoderModel, placement: Placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_REPORTS_PER_SECOND", 1e9)

    def kill(share: float, note: str) -> None:
        for child in psutil.Process().children():
            os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(UserError, match="training process 1 was ended by signal 9") as caught:
        fit(learner(model), SETTINGS, seed=0, placement=placement, report=kill)
    assert "--devices" in caught.value.hint
    assert not psutil.Process().children()
    assert not torch.distributed.is_initialized()
    # And the next training starts a child of its own.
    fit(learner(model), dataclasses.replace(SETTINGS, epochs=1), seed=0, placement=placement)


LEAVES = """
import sys
from multiprocessing.connection import Connection

parent = Connection(int(sys.argv[1]))
parent.recv_bytes(), parent.recv_bytes()
sys.exit("the last line")
"""


def test_a_child_that_dies_before_it_has_joined_is_not_waited_for(
    model: EncoderModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a look at the child, gloo waits for minutes.
    monkeypatch.setattr("haoqi.train.processes._WORKER", ("-c", LEAVES))
    monkeypatch.setattr(Child, "ended_soon", lambda child: pytest.fail("gloo's time was up"))
    before = {child.pid for child in psutil.Process().children()}
    monkeypatch.setattr("haoqi.train.processes._idle", ContextVar("idle", default=None))
    with pytest.raises(UserError, match="training process 1 ended with exit code 1: the last line"):
        fit(learner(model), SETTINGS, seed=0, placement=TWO)
    assert {child.pid for child in psutil.Process().children()} <= before
    assert not torch.distributed.is_initialized()


TRAINS = """
from dataclasses import replace
import psutil
from haoqi.models.encoders.placement import Placement
from haoqi.train.loop import fit
from tests.train.test_loop import SETTINGS, learner, network

def report(share, note):
    print(psutil.Process().children()[0].pid, flush=True)

fit(learner(network()), replace(SETTINGS, epochs=1000), seed=0, placement=Placement(devices=2), report=report)
"""


@pytest.mark.slow
def test_children_end_when_their_parent_is_killed() -> None:
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", TRAINS], cwd=root, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(600):
        if not child.is_running() or child.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")


def test_a_step_is_shared_so_that_nothing_is_left_out_or_counted_twice() -> None:
    for lengths in ((4, 4, 4), (7,), (1,), (4, 4, 1), (3, 3, 3, 3), ()):
        parts = np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1]) if lengths else []
        for even in (False, True):
            shares = [share(parts, rank, 3, even=even) for rank in range(3)]
            rows = np.concatenate([np.concatenate([r for r, counts in one if counts] or [[]]) for one in shares])
            assert sorted(rows.tolist()) == list(range(sum(lengths)))
            assert not even or len({len(one) for one in shares}) == 1
        whole = [share(parts, rank, 3, divisible=False) for rank in range(3)]
        assert sorted(len(rows) for one in whole for rows, _ in one) == sorted(lengths)


def test_a_run_on_two_devices_releases_a_model(
    tiny_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from haoqi.__main__ import main
    from haoqi.core.ledger import Ledger
    from tests.test_pipeline import reviews

    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    source = reviews(tmp_path / "reviews.csv", rows=60)
    settings = "--steps 2 --methods full --variants 1 --folds 0 --devices 2 --no-compile"
    with pytest.raises(SystemExit) as ended:
        main(["improve", str(source), "--base", tiny_base, *settings.split()])
    assert not ended.value.code, capsys.readouterr()
    [path] = (tmp_path / "home" / "runs" / "reviews").glob("*/ledger.sqlite")
    ledger = Ledger(path)
    experiments = [entry.body for entry in ledger.entries(ledger.runs()[0], "experiment")]
    ledger.close()
    assert {one["plan"]["method"] for one in experiments} >= {"full"}
    assert all(one["score"] is not None for one in experiments), experiments
