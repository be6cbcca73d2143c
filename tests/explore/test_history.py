"""The history is the only state: opening it again gives the same one."""

from pathlib import Path

import pytest

from haoqi.core.errors import UserError
from haoqi.core.ledger import Ledger
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.history import History, Verdict


def filled(path: Path) -> History:
    history = History(Ledger(path), "run")
    history.note("begin", {"task": "topic"})
    history.add(Experiment(Plan("majority"), score=0.2, scores={"accuracy": 0.3}, seconds=1.0), spent=1.0)
    history.judge(Verdict(1, "crowned", 1, 0.2), spent=1.0)
    history.add(Experiment(Plan.of("probe", "minilm", {"C": 0.5}), score=0.8, expected=0.5, seconds=3.0), spent=4.0)
    history.judge(Verdict(2, "crowned", 2, 0.8, 0.6, 0.5, 0.7, 0.001, 1), spent=4.5)
    return history


def test_an_opened_history_equals_the_one_that_was_written(tmp_path: Path) -> None:
    written = filled(tmp_path / "ledger.sqlite")
    opened = History(Ledger(tmp_path / "ledger.sqlite"), "run")
    assert opened.experiments == written.experiments
    assert opened.verdicts == written.verdicts
    assert opened.spent_seconds == 4.5
    assert opened.champion == written.experiments[1]
    begun = opened.last("begin")
    assert begun is not None
    assert begun.body == {"task": "topic"}


def test_an_experiment_without_verdict_is_noticed(tmp_path: Path) -> None:
    history = filled(tmp_path / "ledger.sqlite")
    assert history.unjudged is None
    history.add(Experiment(Plan("knn"), score=0.5), spent=5.0)
    assert History(Ledger(tmp_path / "ledger.sqlite"), "run").unjudged == history.experiments[2]


def test_without_a_champion_the_first_failure_is_told(tmp_path: Path) -> None:
    history = History(Ledger(tmp_path / "ledger.sqlite"), "run")
    with pytest.raises(UserError, match="nothing was tried"):
        history.found()
    history.add(Experiment(Plan("knn"), score=None, error=Reason("user_error", {"reason": "no such base"})), spent=0.0)
    history.judge(Verdict(1, "failed", None, None), spent=0.0)
    with pytest.raises(UserError, match="none of the 1 plans") as caught:
        history.found()
    assert "no such base" in caught.value.hint
