"""When an ensemble is asked for: late, and only where most of it can learn from all examples before the release."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.scheduling.ensemble_timing import LAST_SHARE, LAST_STEPS, can_refit, is_end_near
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from tests.explore.test_reflections import TFIDF, Case, drawn

MEMBERS = (TFIDF, Plan("logistic"))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 40), drawn(rng, 40))


def given(case: Case, **settings: object) -> SearchContext:
    return replace(case.context, settings=ExploreSettings(**{"folds": 0, **settings}))  # type: ignore[arg-type]


def test_where_steps_are_counted_the_last_ones_are_near_the_end(case: Case) -> None:
    context = given(case, steps=LAST_STEPS + 1)
    costs = CostModel.of(context, [], timed=False)
    assert not is_end_near(context, case.history, costs, None)
    case.history.add(Experiment(TFIDF, 0.5), spent=0.0)
    assert is_end_near(context, case.history, costs, None)


def test_without_members_the_last_share_of_the_time_is_near_the_end(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CostModel, "reserve_seconds", lambda costs, plan: 0.0)
    context = given(case, minutes=10.0)
    costs = CostModel.of(context, [], timed=True)
    limit = LAST_SHARE * 600
    assert [is_end_near(context, case.history, costs, left) for left in (limit + 1, limit - 1)] == [False, True]


def test_most_of_an_ensemble_must_have_time_to_learn_from_all_examples(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan.of(ENSEMBLE, None, {"weights": (0.85, 0.15)}, made_of=MEMBERS)
    context, able = given(case, minutes=1.0), dict[Plan, None]()
    costs = CostModel.of(context, [], timed=True)
    monkeypatch.setattr(CostModel, "affordable_refits", lambda costs, plan, seconds: able)
    assert not can_refit(plan, context, costs, 30.0)
    able[MEMBERS[1]] = None
    assert not can_refit(plan, context, costs, 30.0)
    able.clear()
    able[MEMBERS[0]] = None  # the weightiest
    assert can_refit(plan, context, costs, 30.0)


def test_where_no_clock_counts_or_no_last_fit_is_asked_for_there_is_nothing_to_wait_for(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan.of(ENSEMBLE, None, {"weights": (0.5, 0.5)}, made_of=MEMBERS)
    monkeypatch.setattr(CostModel, "affordable_refits", lambda costs, plan, seconds: {})
    costs = CostModel.of(case.context, [], timed=True)
    assert can_refit(plan, given(case, minutes=1.0), costs, None)
    assert can_refit(plan, given(case, minutes=1.0, refit=False), costs, 30.0)
    assert not can_refit(plan, given(case, minutes=1.0), costs, 30.0)
