"""The order of plans where minutes are few: what has the base read once may have the time that no training can use."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.core.ledger import Ledger
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.history import History
from haoqi.explore.scheduling.scheduler import FROZEN_SHARE, Scheduler
from haoqi.explore.settings import ExploreSettings
from tests.explore.test_cost_model import context
from tests.explore.test_reflections import TFIDF, Case, drawn

LEFT = 40.0


@pytest.fixture
def case(tmp_path: Path, tiny_base: str) -> Case:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 60), drawn(rng, 40), base=tiny_base)
    case.run(TFIDF)
    case.context = replace(
        case.context, settings=ExploreSettings(minutes=1.0, folds=0, methods=("tfidf", "probe", "full"))
    )
    return case


def first_frozen(case: Case, monkeypatch: pytest.MonkeyPatch, training: float) -> Plan | None:
    """Return which probe comes first where it takes most of the time, and a training on all examples so long."""
    frozen = 1.5 * FROZEN_SHARE * LEFT

    def seconds(table: Scheduler, plan: Plan) -> float:
        return plan.share * (training if plan.method == "full" else frozen)

    monkeypatch.setattr(Scheduler, "_seconds", seconds)
    monkeypatch.setattr(Scheduler, "_left_for", lambda table, plan: LEFT)
    monkeypatch.setattr(Scheduler, "_can_be_cut_short", lambda table, plan: False)
    step = Scheduler(case.context, case.history, LEFT)._propose_frozen()
    return step.plan if step else None


def test_where_a_training_fits_frozen_features_leave_it_time(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    found = first_frozen(case, monkeypatch, training=LEFT)
    assert found is None or found.share < 1.0


def test_where_no_training_fits_frozen_features_may_have_the_time(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    found = first_frozen(case, monkeypatch, training=10 * LEFT)
    assert found is not None
    assert (found.method, found.share) == ("probe", 1.0)


def test_with_few_examples_the_first_is_what_did_best_elsewhere_and_is_done_soon() -> None:
    def first(rows: int, left: float | None, folds: int = 5) -> str:
        step = Scheduler(
            context(rows, rows // 5, folds=folds), History(Ledger("sqlite://"), "run"), left
        ).propose_first()
        assert step is not None
        return step.plan.method

    assert first(12, None) == "probe"  # SetFit takes a minute and a half
    assert first(12, None, folds=3) == "setfit"
    assert first(100, None) == "probe"
    assert first(12, 2.0) in ("majority", "tfidf", "logistic")
    assert first(40, None, folds=0) == first(2000, None) == "majority"


def test_the_first_has_default_settings_though_a_variation_of_it_is_cheaper() -> None:
    # Of numbers a TF-IDF model has no other cheap choice than its strength, and the less of it the sooner it is done.
    case = context(2000)
    case = replace(case, settings=ExploreSettings(folds=0, methods=("tfidf",)))
    scheduler = Scheduler(case, History(Ledger("sqlite://"), "run"), None)
    weak = Plan.of("tfidf", None, {"strength": 0.02})
    plain = Plan.of("tfidf", None)
    assert scheduler.work(weak) < scheduler.work(plain)
    case.once("candidate plans", lambda: [weak, plain])
    step = Scheduler(case, History(Ledger("sqlite://"), "run"), None).propose_first()
    assert step is not None
    assert step.plan == plain
