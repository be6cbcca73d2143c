"""A test split that was scored before is no longer untouched: every earlier release on it counts once."""

from pathlib import Path
from typing import Any

import pytest

from haoqi.core.ledger import Ledger
from haoqi.explore.record import test_scorings
from haoqi.explore.record.history import History
from haoqi.explore.record.test_scorings import count_scorings
from haoqi.models.releases.releases import Release

RUN = "reviews/0123abcd"


def release(version: int, content: str = "", origin: str = "reviews/other/plan-0", **test: Any) -> Release:
    found = Release("reviews", version, Path("nowhere"), {"origin": origin})
    vars(found)["evidence"] = {"test": {"content": content, **test}}
    return found


@pytest.fixture
def history() -> History:
    return History(Ledger("sqlite://"), RUN)


def counted(history: History, monkeypatch: pytest.MonkeyPatch, *published: Release) -> int:
    monkeypatch.setattr(test_scorings, "list_releases", lambda name, home: list(published))
    return count_scorings("reviews", "same", history)


def test_releases_of_other_runs_count_where_they_were_scored_on_the_same_examples(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counted(history, monkeypatch) == 0
    assert counted(history, monkeypatch, release(1, "same"), release(2, "others"), release(3, "same")) == 2


def test_a_release_of_the_run_counts_once_also_where_it_was_removed(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.note("release", {"version": 1})
    assert counted(history, monkeypatch) == 1
    assert counted(history, monkeypatch, release(1, "same")) == 1


def test_of_a_release_that_does_not_know_its_examples_the_run_decides(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = release(1, origin=f"{RUN}/plan-0", examples=9), release(2, origin=f"{RUN}ef/plan-0", examples=9)
    untested = release(3, origin=f"{RUN}/plan-0")
    vars(untested)["evidence"] = {}
    assert counted(history, monkeypatch, mine, other, untested) == 1
