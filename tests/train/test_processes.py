import socket
import sys
from multiprocessing.connection import Connection

import psutil
import pytest
import torch

from haoqi.core.errors import UserError
from haoqi.train import processes
from haoqi.train.processes import check_devices, children, hung_up, kept_processes

WAITS = ("-c", "import os, sys; os.read(int(sys.argv[1]), 1)")
BREAKS = ("-c", "import sys; print('one line'); sys.exit('the last line')")


@pytest.fixture(autouse=True)
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let children be programs that only wait, which start at once."""
    monkeypatch.setattr(processes, "_WORKER", WAITS)


def test_children_end_with_the_training_that_they_were_for() -> None:
    with children(2, 1) as found:
        assert [child.rank for child in found] == [1, 2]
        pids = {child.process.pid for child in found}
        assert {child.pid for child in psutil.Process().children()} >= pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_children_that_are_kept_serve_the_next_training_and_end_with_the_block() -> None:
    with kept_processes():
        with children(2, 1) as first, kept_processes():  # a block inside does not end them
            pids = [child.process.pid for child in first]
        with children(1, 1) as second:
            assert [child.process.pid for child in second] == pids[:1]
        assert not psutil.pid_exists(pids[1])
        with children(2, 1) as third:
            assert third[0].process.pid == pids[0]
            pids = [child.process.pid for child in third]
        with children(1, 2) as other:  # of other threads
            assert other[0].process.pid not in pids
            pids.append(other[0].process.pid)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_an_error_ends_them_and_they_are_not_kept() -> None:
    with kept_processes():
        with pytest.raises(KeyboardInterrupt), children(1, 1) as found:
            raise KeyboardInterrupt
        assert not psutil.pid_exists(found[0].process.pid)


def test_one_that_died_meanwhile_is_replaced() -> None:
    with kept_processes():
        with children(1, 1) as found:
            pid = found[0].process.pid
        found[0].process.kill()
        found[0].process.wait()
        with children(1, 1) as next_ones:
            assert next_ones[0].process.pid != pid


def test_one_that_fails_is_told_of_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_WORKER", BREAKS)
    said = "training process 1 ended with exit code 1: the last line"
    with pytest.raises(UserError, match=said), children(1, 1) as found:
        found[0].hear()


def test_one_that_died_is_noticed_by_a_look() -> None:
    with pytest.raises(UserError, match="training process 1 was ended by signal 9"), children(1, 1) as found:
        found[0].check()
        found[0].process.kill()
        found[0].process.wait()
        found[0].check()


def test_a_child_knows_when_its_parent_is_gone() -> None:
    ours, theirs = (Connection(end.detach()) for end in socket.socketpair())
    assert not hung_up(theirs)
    ours.send_bytes(b"message")
    assert not hung_up(theirs)
    assert theirs.recv_bytes() == b"message"
    ours.close()
    assert hung_up(theirs)
    theirs.close()


def test_devices_are_counted_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    check_devices(1)
    check_devices(2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="--devices 2 needs as many GPUs, and this machine has 1"):
        check_devices(2)
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(UserError) as caught:
        check_devices(2)
    assert caught.value.hint == 'pip install "haoqi[devices]"'
