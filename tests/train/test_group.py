import os
from pathlib import Path

import pytest
import torch
from torch import nn

from haoqi.core.errors import UserError
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
