"""The clock of a run counts every sitting."""

import pytest

from haoqi.explore.setup.budget_clock import BudgetClock


def test_earlier_sittings_count_and_time_between_them_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("haoqi.explore.setup.budget_clock.time.perf_counter", lambda: now[0])
    clock = BudgetClock(before=30.0, begun=100.0)
    now[0] = 112.0
    assert clock.spent == 42.0
    assert clock.left(60.0) == 18.0
    now[0] = 150.0
    assert clock.left(60.0) == -20.0  # what is overdrawn is told


def test_without_a_budget_nothing_is_left_to_count() -> None:
    assert BudgetClock().left(None) is None
