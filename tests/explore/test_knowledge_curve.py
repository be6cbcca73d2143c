"""The knowledge curve credits every step with what it gained, and every kind of step with its time."""

from pathlib import Path

import pytest

from haoqi.core.ledger import Ledger
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.record.knowledge_curve import knowledge_curve
from tests.explore.test_history import filled
from tests.explore.test_reflect import CHAMPION, lesson


def test_thinking_counts_as_time_that_exploring_did_not_get() -> None:
    history = History(Ledger("sqlite://"), "run")
    history.add(Experiment(CHAMPION, score=0.5, seconds=6.0), spent=6.0)
    history.judge(Verdict(1, "crowned", 1, 0.5), spent=6.0)
    history.add_reflection({"after": 1, "lessons": 0, "champion": CHAMPION.key, "failed": {}}, seconds=2.0, spent=8.0)
    history.add(Experiment(lesson().plans[0], score=0.6, seconds=4.0, role="reflect"), spent=12.0)
    history.judge(Verdict(2, "crowned", 2, 0.6), spent=12.0)
    points = knowledge_curve(history.ledger.entries("run"))
    assert [point.role for point in points] == ["explore", "reflect"]
    assert points[1].beta == pytest.approx(0.5)
    assert points[1].gain == pytest.approx(0.1)


def test_the_curve_credits_every_step(tmp_path: Path) -> None:
    filled(tmp_path / "ledger.sqlite")
    points = knowledge_curve(Ledger(tmp_path / "ledger.sqlite").entries("run"))
    assert [(p.step, p.score, p.champion, p.role) for p in points] == [(1, 0.2, 1, "explore"), (2, 0.8, 2, "explore")]
    assert points[1].gain == pytest.approx(0.6)
    assert points[1].alpha == pytest.approx(0.3 * 0.6)
    assert [p.beta for p in points] == [1.0, 1.0]
