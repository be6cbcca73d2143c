import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from haoqi.models.feature_store.bounds import Disk, Memory, spare_memory


class Thing:
    """Something whose release is noted."""

    def __init__(self) -> None:
        self.released = 0

    def release(self) -> None:
        self.released += 1


def file(path: Path, size: int, seconds_ago: float) -> Path:
    """Return a file of some size that was used some time ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    when = time.time() - seconds_ago
    os.utime(path, (when, when))
    return path


def test_the_least_recently_used_leaves_the_memory_first() -> None:
    memory, (first, second, third) = Memory(100), (Thing(), Thing(), Thing())
    assert memory.hold(first, 40) and memory.hold(second, 40)
    memory.touch(first)
    assert memory.hold(third, 40)
    assert [one.released for one in (first, second, third)] == [0, 1, 0]
    assert memory.size_bytes() == 80


def test_what_is_larger_than_the_memory_is_not_held_and_drives_nothing_out() -> None:
    memory, small = Memory(100), Thing()
    memory.hold(small, 90)
    assert not memory.hold(Thing(), 101)
    assert (small.released, memory.size_bytes()) == (0, 90)


def test_what_was_never_held_cannot_be_touched_into_memory() -> None:
    memory = Memory(100)
    memory.touch(Thing())
    assert memory.size_bytes() == 0


def test_spare_memory_is_a_tenth_of_what_is_free_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoqi.core.hardware.memory_bytes", lambda: 50_000)
    assert spare_memory() == 5_000
    monkeypatch.setattr("haoqi.core.hardware.memory_bytes", lambda: 10**18)
    assert 0 < spare_memory() <= 2_000_000_000


def test_the_least_recently_used_file_leaves_the_disk_first(tmp_path: Path) -> None:
    old, new = file(tmp_path / "a" / "1", 40, 20), file(tmp_path / "a" / "2", 40, 10)
    disk = Disk(tmp_path, 100)
    assert disk.make_room(20, tmp_path / "a") == []
    assert disk.make_room(30, tmp_path / "b") == [old]
    assert new.exists() and not old.exists()


def test_files_in_use_stay_and_nothing_goes_in_vain(tmp_path: Path) -> None:
    old, new = file(tmp_path / "a" / "1", 40, 20), file(tmp_path / "a" / "2", 40, 10)
    disk = Disk(tmp_path, 100)
    assert disk.make_room(70, tmp_path / "a", {old}) is None
    assert old.exists() and new.exists()
    assert disk.make_room(60, tmp_path / "a", {old}) == [new]


def test_files_that_are_dear_give_way_only_to_each_other(tmp_path: Path) -> None:
    dear, cheap = file(tmp_path / "words" / "1", 40, 20), file(tmp_path / "x-layer-4" / "1", 40, 10)
    disk = Disk(tmp_path, 100, first_out="*-layer-*")
    assert disk.make_room(70, tmp_path / "y-layer-5") is None
    assert disk.spare(tmp_path / "y-layer-5") == 60
    assert disk.spare(tmp_path / "other") == 100
    assert disk.make_room(50, tmp_path / "other") == [cheap]
    assert disk.make_room(70, tmp_path / "other") == [dear]


def test_what_killed_processes_left_is_counted_and_goes_once_it_is_old(tmp_path: Path) -> None:
    young, old = file(tmp_path / "a" / ".1.x", 40, 1), file(tmp_path / "a" / ".2.x", 40, 2 * 3600)
    disk = Disk(tmp_path, 100)
    assert disk.make_room(70, tmp_path / "a") is None
    assert disk.make_room(60, tmp_path / "a") == [old]
    assert young.exists()


def test_a_disk_that_is_nearly_full_is_a_bound_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100))
    file(tmp_path / "a" / "1", 30, 0)
    assert Disk(tmp_path, 10**9).make_room(50, tmp_path / "a", {tmp_path / "a" / "1"}) == []
    assert Disk(tmp_path, 10**9).make_room(51, tmp_path / "a", {tmp_path / "a" / "1"}) is None


def test_a_folder_that_is_not_there_has_all_the_room(tmp_path: Path) -> None:
    assert Disk(tmp_path / "none" / "yet", 100).make_room(100, tmp_path / "none" / "yet" / "a") == []
    assert Disk(tmp_path / "none", 100).spare(tmp_path / "none") == 100
