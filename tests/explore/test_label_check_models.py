"""The cheap models by which label errors are looked for follow from the amount of text."""

from haoqi.explore.costs.label_check_models import label_check_plans
from tests.explore.test_cost_model import context


def test_a_base_that_would_read_for_long_is_not_asked_for_its_opinion() -> None:
    assert {plan.method for plan in label_check_plans(context(500), 500)} == {"tfidf", "probe", "knn"}
    assert [plan.method for plan in label_check_plans(context(50_000), 50_000)] == ["tfidf"]
