"""The folder of a run: held by one process, tidied of what was left half done, and never overwritten."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.explore.setup.run_folder import open_run_folder


def test_what_a_killed_process_left_half_done_is_gone_and_the_rest_stays(tmp_path: Path) -> None:
    place = tmp_path / "runs" / "name" / "one"
    for kept in ("experiments/abc-0", "experiments/.abc-0.x1", ".data.x2"):
        (place / kept).mkdir(parents=True)
    (place / "ledger.sqlite").touch()
    with open_run_folder(place, fresh=False):
        assert {path.name for path in place.iterdir()} == {"experiments", "ledger.sqlite", ".lock"}
        assert [path.name for path in (place / "experiments").iterdir()] == ["abc-0"]


def test_two_processes_cannot_hold_one_run(tmp_path: Path) -> None:
    with open_run_folder(tmp_path / "one", fresh=False) as place:
        (place / "ledger.sqlite").touch()
        with pytest.raises(UserError), open_run_folder(place, fresh=False):
            pass
    with open_run_folder(tmp_path / "one", fresh=False):
        pass


def test_beginning_afresh_puts_every_earlier_run_aside(tmp_path: Path) -> None:
    for number in range(3):
        with open_run_folder(tmp_path / "one", fresh=True) as place:
            assert not (place / "ledger.sqlite").exists()
            (place / "ledger.sqlite").write_text(str(number))
    kept = {path.name: (path / "ledger.sqlite").read_text() for path in tmp_path.iterdir()}
    assert kept == {"one": "2", "one.before-1": "0", "one.before-2": "1"}


def test_a_run_in_which_nothing_came_to_be_leaves_no_folder_and_no_other_run_is_touched(tmp_path: Path) -> None:
    (tmp_path / "runs" / "other" / "one").mkdir(parents=True)
    with pytest.raises(ValueError, match="unfit"), open_run_folder(tmp_path / "runs" / "name" / "one", fresh=False):
        raise ValueError("unfit data")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["other"]
