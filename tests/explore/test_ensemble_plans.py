"""Plans made of other plans: the ensemble of the best, and the student of one that is champion."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.core.ledger import Ledger
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Experiment, Plan
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.scheduling import ensemble_plans
from haoqi.explore.scheduling.ensemble_plans import (
    FASTER,
    REACH,
    compose_ensemble,
    propose_ensemble,
    propose_student,
    rough_ensemble,
)
from tests.explore.test_distillation import TEACHER
from tests.explore.test_reflections import TFIDF, Case, drawn, noisy


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 60, "abc"), drawn(rng, 200, "abc"))


def test_an_ensemble_is_proposed_from_three_methods_on_and_once(case: Case) -> None:
    rng = np.random.default_rng(1)
    for method in ("logistic", "majority"):
        case.fake(Plan(method), noisy(case, rng, 0.2))
    assert propose_ensemble(case.context, case.history) is None
    case.fake(TFIDF, noisy(case, rng, 0.2))
    plan = propose_ensemble(case.context, case.history)
    assert plan is not None
    assert plan.method == ENSEMBLE
    assert {one.method for one in plan.made_of} == {"tfidf", "logistic", "majority"}
    assert sum(plan.varied["weights"]) == pytest.approx(1.0, abs=0.01)
    assert propose_ensemble(case.context, case.history) == plan
    case.history.add(Experiment(plan, 0.5), spent=0.0)
    assert propose_ensemble(case.context, case.history) is None


def test_an_ensemble_that_scores_no_more_than_the_champion_is_not_proposed(case: Case) -> None:
    rng = np.random.default_rng(1)
    for method in ("logistic", "majority", "tfidf"):
        case.fake(Plan(method), noisy(case, rng, 0.2))
    alone = replace(case.context, settings=replace(case.context.settings, borrow=False))  # no other data sets
    assert propose_ensemble(alone, case.history) is not None
    case.history.judge(replace(case.history.verdicts[-1], score=1.0), spent=0.0)
    assert propose_ensemble(alone, case.history) is None
    assert compose_ensemble(alone, case.history) is not None


def test_what_the_champion_owes_to_having_been_chosen_is_taken_off_where_other_data_sets_know_of_ensembles(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    for method in ("logistic", "majority", "tfidf"):
        case.fake(Plan(method), noisy(case, rng, 0.2))
    case.history.judge(replace(case.history.verdicts[-1], score=1.0), spent=0.0)
    for bias, proposed in ((0.0, False), (0.9, True)):
        monkeypatch.setattr(ensemble_plans, "champion_selection_bias", lambda history, context, bias=bias: bias)
        assert (propose_ensemble(case.context, case.history) is not None) == proposed


def test_the_ensemble_by_which_a_release_is_priced_has_the_best_in_equal_parts(case: Case) -> None:
    rng = np.random.default_rng(1)
    for method in ("logistic", "majority"):
        case.fake(Plan(method), noisy(case, rng, 0.2))
    assert rough_ensemble(case.history) is None
    case.fake(TFIDF, noisy(case, rng, 0.2))
    plan = rough_ensemble(case.history)
    assert plan is not None
    assert plan.made_of[0] == TFIDF  # the champion
    assert plan.varied["weights"] == (1 / 3, 1 / 3, 1 / 3)


def test_the_student_is_the_best_that_is_fast_and_near_enough_and_each_teacher_has_one(case: Case) -> None:
    history = History(Ledger("sqlite://"), "run")
    scores = {"majority": 0.9 - 2 * REACH, "tfidf": 0.87, "logistic": 0.88, ENSEMBLE: 0.9}
    for method, score in scores.items():
        plan = TEACHER if method == ENSEMBLE else Plan(method)
        made = history.add(Experiment(plan, score), spent=0.0)
        history.judge(Verdict(made.number, "crowned", made.number, score), spent=0.0)
    seconds = {"majority": 0.1, "tfidf": 1.0, "logistic": 1.1, ENSEMBLE: FASTER * 1.05}
    found = propose_student(case.context, history, lambda plan: seconds[plan.method])
    assert found == Plan("tfidf", made_of=(TEACHER,)).with_recipe(DISTIL)  # logistic is too slow, majority too far
    assert propose_student(case.context, history, lambda plan: 1.0) is None
    history.add(Experiment(found, 0.85, role=DISTIL), spent=0.0)
    assert propose_student(case.context, history, lambda plan: seconds[plan.method]) is None
    history.judge(Verdict(5, "faster", 5, 0.9), spent=0.0)
    assert propose_student(case.context, history, lambda plan: seconds[plan.method]) is None
