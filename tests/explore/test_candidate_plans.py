"""The candidate plans of a search are listed once, and follow from its seed alone."""

from dataclasses import replace

import pytest

from haoqi import tasks
from haoqi.explore.plans.plan import Plan
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.settings import ExploreSettings
from tests.explore.test_cost_model import context


def test_they_are_listed_once_for_a_context() -> None:
    room = context()
    assert candidate_plans(room) is candidate_plans(room)
    assert candidate_plans(context()) == candidate_plans(room)


def test_a_seed_has_variations_of_its_own_and_the_defaults_of_all() -> None:
    one, other = candidate_plans(context()), candidate_plans(replace(context(), seed=1))
    assert one != other
    assert [plan for plan in one if not plan.settings] == [plan for plan in other if not plan.settings]


def test_only_methods_that_were_asked_for_are_there_with_as_many_variations() -> None:
    room = replace(context(), settings=ExploreSettings(methods=("tfidf", "knn"), variants=0, folds=0))
    plans = [plan for plan in candidate_plans(room) if plan.share == 1.0]
    assert set(plans) == {Plan("tfidf"), Plan("knn", "small"), Plan("knn", "other")}


@pytest.mark.parametrize(("task", "meant"), [("regression", False), ("similarity", False), ("entailment", True)])
def test_what_means_nothing_for_the_answers_is_not_varied(task: str, meant: bool) -> None:
    room = replace(context(), settings=ExploreSettings(methods=("tfidf", "full"), variants=20, folds=0))
    labels = ("a", "b") if meant else ()
    varied = {name for plan in candidate_plans(replace(room, task=tasks.build(task, labels))) for name in plan.varied}
    assert ("balance" in varied) is ("label_smoothing" in varied) is meant
    assert {"strength", "features", "learning_rate"} <= varied
