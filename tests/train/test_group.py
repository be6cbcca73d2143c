import os
from pathlib import Path
from threading import Event

import pytest
import torch
from torch import nn

from haoqi.core.errors import UserError
from haoqi.train import group
from haoqi.train.group import Seat, joined, sum_gradients


def test_a_group_is_left_without_a_trace(tmp_path: Path) -> None:
    from accelerate.state import PartialState

    mine = PartialState(cpu=True)  # a caller may use accelerate too, for itself
    before, threads = dict(os.environ), torch.get_num_threads()
    with joined(Seat(0, 1, str(tmp_path / "meeting"), "cpu", threads + 1)):
        assert torch.distributed.get_world_size() == 1
        assert torch.get_num_threads() == threads + 1
        with (
            pytest.raises(UserError, match="already part of a group"),
            joined(Seat(0, 1, str(tmp_path / "other"), "cpu", 1)),
        ):
            pass
    assert not torch.distributed.is_initialized()
    assert (dict(os.environ), torch.get_num_threads()) == (before, threads)
    assert PartialState().num_processes == mine.num_processes == 1
    assert PartialState().backend is None
    PartialState._reset_state()


def test_gradients_are_summed_where_there_are_some(tmp_path: Path) -> None:
    weights = {name: nn.Parameter(torch.ones(2, 3)) for name in ("learns", "rests", "waits")}
    weights["learns"].grad = torch.full((2, 3), 2.0)
    with joined(Seat(0, 1, str(tmp_path / "meeting"), "cpu", 1)):
        sum_gradients(weights, [True, False, True])  # the last has a gradient in another process only
    assert torch.equal(weights["learns"].grad, torch.full((2, 3), 2.0))
    assert weights["rests"].grad is None
    assert torch.equal(weights["waits"].grad, torch.zeros(2, 3))


def test_waiting_for_one_who_has_died_ends_when_a_look_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class DiedError(Exception):
        pass

    came, undone, looks = Event(), Event(), 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise DiedError

    monkeypatch.setattr(group, "_join", lambda seat, state: came.wait())
    monkeypatch.setattr(torch.distributed, "destroy_process_group", undone.set)
    with pytest.raises(DiedError), joined(Seat(0, 2, str(tmp_path / "meeting"), "cpu", 1), look):
        pytest.fail("nobody else was there")
    assert not undone.is_set()
    came.set()
    assert undone.wait(60), "one who came in the very last moment is left in a group that nobody uses"


def test_a_group_that_was_waited_for_in_vain_is_not_counted(tmp_path: Path) -> None:
    torch.distributed.distributed_c10d._world.group_count = 3
    with joined(Seat(0, 1, str(tmp_path / "meeting"), "cpu", 1)):
        found = torch.distributed.group.WORLD
        assert found is not None
        assert found.group_name == "0", "others look for another number, and wait for minutes"


def test_what_goes_wrong_in_joining_is_raised_where_it_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(seat: Seat, state: object) -> None:
        raise RuntimeError("refused")

    monkeypatch.setattr(group, "_join", refuse)
    with pytest.raises(RuntimeError, match="refused"), joined(Seat(0, 2, str(tmp_path / "meeting"), "cpu", 1)):
        pytest.fail("there was no meeting")
