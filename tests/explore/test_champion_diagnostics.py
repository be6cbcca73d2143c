"""What a reflection may look at is computed when asked for, and only where there is time."""

from typing import Any, cast

import pytest

from haoqi.core.ledger import Ledger
from haoqi.explore.record.history import History
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics


def test_looks_share_the_time_of_their_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 15.0, 25.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    seen = ChampionDiagnostics(cast(Any, None), History(Ledger("sqlite://"), "run"), left_seconds=100.0, begun=10.0)
    assert [seen.affords(14.0), seen.affords(14.0), seen.affords(0.1)] == [True, False, False]
    apart = ChampionDiagnostics(
        cast(Any, None), History(Ledger("sqlite://"), "run"), left_seconds=100.0, begun=10.0, shared=False
    )
    assert [apart.affords(14.0), apart.affords(14.0), apart.affords(16.0)] == [True, True, False]
    monkeypatch.undo()
    unclocked = ChampionDiagnostics(cast(Any, None), History(Ledger("sqlite://"), "run"))
    assert [unclocked.affords(19.0), unclocked.affords(19.0), unclocked.affords(21.0)] == [True, True, False]
