"""Real processes on this machine's processor that do next to nothing."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from haoqi.core.errors import UserError
from haoqi.models.encoders.placement import Placement
from haoqi.train.distributed.group import agree, agreed, first_rank_first, rank_of
from haoqi.train.distributed.launch import check_devices, launch
from haoqi.train.distributed.worker import Tell
from haoqi.train.loop.step import Diverged

TWO = Placement(devices=2)


def children() -> list[psutil.Process]:
    """Return the processes that this one has started, but for those that watch over what they share."""
    found = psutil.Process().children()
    return [one for one in found if "resource_tracker" not in " ".join(one.cmdline())]


def talk(folder: Path, rank: int, tell: Tell) -> None:
    """Say how the ranks get on with one another."""
    print("this is not for the terminal")
    tell(("rank", rank, rank_of(TWO), torch.distributed.get_world_size(), torch.get_num_threads()))
    tell(("agreed", agree(TWO, 3.0 - rank), agreed(TWO, lambda: float(rank))()))
    with first_rank_first(TWO):
        found = (folder / "by the first").exists()
        (folder / "by the first").touch()
    (folder / f"{rank} found {found}").touch()


def test_what_rank_0_tells_is_heard_and_nobody_is_left(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[Any] = []
    launch(partial(talk, tmp_path), 2, "cpu", told.append)
    assert told == [("rank", 0, 0, 2, max(1, torch.get_num_threads() // 2)), ("agreed", 2.0, 0.0)]
    assert {path.name for path in tmp_path.iterdir()} == {"by the first", "0 found False", "1 found True"}
    assert not children()
    assert not torch.distributed.is_initialized()
    assert capfd.readouterr().out == ""


def fail(error: Exception | None, rank: int, tell: Tell) -> None:
    """Fail on rank 1, or be killed, while rank 0 waits for it."""
    if rank == 0:
        tell("waits")
    elif error is None:
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        raise error
    agree(TWO, 0.0)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (None, UserError, "training process 1 was ended by signal 9"),
        (Diverged("the loss was nan", "go slower"), Diverged, "the loss was nan\n  hint: go slower"),
        pytest.param(
            ValueError("of its own"),
            UserError,
            "training process 1 failed: ValueError: of its own",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["killed", "an error to be read", "any other error"],
)
def test_the_end_of_one_is_said_and_ends_all(error: Exception | None, kind: type[UserError], said: str) -> None:
    with pytest.raises(UserError) as caught:
        launch(partial(fail, error), 2, "cpu")
    assert type(caught.value) is kind
    assert str(caught.value).startswith(said)
    assert not children()


def die_once(path: Path) -> Any:
    """Kill the process that comes first."""
    try:
        path.unlink()
    except FileNotFoundError:
        return partial(fail, None)
    return os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """Work that the first process to receive it does not survive, so that it never joins the group."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, rank: int, tell: Tell) -> None: ...

    def __reduce__(self) -> Any:
        return die_once, (self.path,)


@pytest.mark.slow
def test_one_that_dies_before_it_has_joined_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "first").touch()
    with pytest.raises(UserError, match=r"training process . was ended by signal 9"):
        launch(Deadly(tmp_path / "first"), 2, "cpu")
    assert not children()


def wait_for_ever(rank: int, tell: Tell) -> None:
    """Tell who is there; then rank 0 waits in Python, and the other in a library."""
    tell(os.getppid())
    if rank == 0:
        tell("ready")
        while True:
            time.sleep(0.05)
    agree(TWO, 0.0)


WAITS = """
from tests.train.distributed.test_launch import launch, wait_for_ever
if __name__ == "__main__":
    launch(wait_for_ever, 2, "cpu", lambda message: print(message, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_ranks_end_with_the_process_that_started_them(how: signal.Signals, tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text(WAITS)
    root = Path(__file__).parents[3]
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": {**os.environ, "PYTHONPATH": str(root)}}
    with subprocess.Popen([sys.executable, str(script)], text=True, start_new_session=True, **told) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        while "ready" not in parent.stdout.readline():
            assert parent.poll() is None
        ranks = psutil.Process(parent.pid).children()
        assert len(ranks) >= 2
        (os.killpg if how == signal.SIGINT else os.kill)(parent.pid, how)
        parent.wait(60)
        _, alive = psutil.wait_procs(ranks, timeout=60)
        assert not alive
        if how == signal.SIGINT:
            said = parent.stderr.read().rstrip()
            assert said.endswith("KeyboardInterrupt")
            assert said.count("Traceback") == 1  # the ranks say nothing


UNGUARDED = """
from haoqi.train.distributed.launch import check_devices, launch
from tests.train.distributed.test_launch import wait_for_ever
check_devices(2)
launch(wait_for_ever, 2, "cpu")
"""


@pytest.mark.slow
def test_a_script_that_each_process_would_start_anew_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED)
    root = Path(__file__).parents[3]
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 1
    assert '__name__ == "__main__"' in done.stderr


def test_devices_are_counted_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    check_devices(1)
    check_devices(2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="--devices 2 needs as many GPUs, and this machine has 1"):
        check_devices(2)
    monkeypatch.setattr(torch.distributed, "is_available", lambda: False)
    with pytest.raises(UserError, match="one device only"):
        check_devices(2)


def test_one_device_asks_nobody() -> None:
    alone = Placement()
    with first_rank_first(alone):
        assert (rank_of(alone), agree(alone, 2.5)) == (0, 2.5)
    assert agreed(alone, time.monotonic) is time.monotonic
