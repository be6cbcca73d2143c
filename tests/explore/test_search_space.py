"""The search space: defaults first, variations within their limits, smaller shares where they save time."""

from dataclasses import replace

from haoqi.explore.scheduling.candidate_plans import candidate_plans
from tests.explore.test_cost_model import context, plan_of


def test_fewer_examples_are_offered_only_where_they_save_time() -> None:
    def shares(folds: int, method: str) -> list[float]:
        room = context(1800, 200, folds=folds)
        return [plan.share for plan in candidate_plans(room) if plan == replace(plan_of(method), share=plan.share)]

    assert shares(0, "full") == shares(5, "full") == [1 / 9, 1 / 3, 1.0]
    assert shares(5, "knn") == [1.0]  # every text is embedded anyway
    assert shares(0, "logistic") == [1.0]
