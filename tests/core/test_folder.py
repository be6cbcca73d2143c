"""What is written is whole; names from outside stay inside."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.core import folder
from haoqi.core.errors import UserError


@pytest.mark.parametrize("name", ["reviews", "客户评论", "a-b_c.2", "r2", "x" * 100])
def test_a_plain_name_is_allowed(name: str) -> None:
    assert folder.check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "-x", ".x", "a..b", "x" * 101, "a b", "a\n", "x."]
)
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be a name"):
        folder.check_name(name)


@given(name=st.text(max_size=20))
def test_an_allowed_name_is_one_folder_below(name: str) -> None:
    try:
        folder.check_name(name)
    except UserError:
        return
    assert (Path("/home/x") / name).resolve().parent == Path("/home/x")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "card.json"
    folder.write_atomic(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="no space is left"):
        folder.write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_building_replaces_a_folder_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "model"
    for text in ("one", "two"):
        with folder.building(target) as temporary:
            (temporary / "weights").write_text(text)
    with pytest.raises(ZeroDivisionError), folder.building(target) as temporary:
        (temporary / "weights").write_text("three")
        raise ZeroDivisionError
    assert (target / "weights").read_text() == "two"
    assert list(tmp_path.iterdir()) == [target]


def test_a_damaged_file_of_ours_says_so(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(UserError, match="is damaged"):
        folder.read_json(tmp_path / "card.json")
    with pytest.raises(UserError, match="is missing"):
        folder.read_json(tmp_path / "none.json")


def test_one_process_holds_a_folder_at_a_time(tmp_path: Path) -> None:
    with folder.locked(tmp_path), pytest.raises(UserError, match="another process"), folder.locked(tmp_path):
        raise AssertionError
    with folder.locked(tmp_path):
        assert (tmp_path / ".lock").exists()


def test_the_path_that_failed_is_named_and_not_the_one_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    for failing, hint in ((tmp_path / "home" / "cache", "HAOQI_HOME"), (tmp_path / "data.csv", "name another place")):
        with pytest.raises(UserError) as found, folder.explained(tmp_path / "home" / "runs" / "reviews"):
            raise PermissionError(13, "Permission denied", str(failing))
        assert found.value.what == f"{failing} cannot be written: Permission denied"
        assert hint in found.value.hint
    place = tmp_path / "out" / "answers.csv"
    with pytest.raises(UserError) as found, folder.explained(place):
        raise OSError(30, "Read-only file system", str(place.with_name(".answers.csv.x1")))
    assert found.value.what == f"{place} cannot be written: Read-only file system"
