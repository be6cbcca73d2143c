"""The cheap models by which label errors are looked for follow from the amount of text."""

from dataclasses import replace

from haoqi.explore.costs.label_check_models import STRENGTHS, label_check_plans
from tests.explore.test_cost_model import context


def test_a_base_that_would_read_for_long_is_not_asked_for_its_opinion() -> None:
    assert {plan.method for plan in label_check_plans(context(500), 500)} == {"tfidf", "probe", "knn"}
    assert [plan.method for plan in label_check_plans(context(50_000), 50_000)] == ["tfidf"]


def test_without_a_base_words_alone_are_asked_and_with_one_a_probe_at_each_strength() -> None:
    room = context(500)
    assert [plan.method for plan in label_check_plans(replace(room, bases={}), 500)] == ["tfidf"]
    strengths = [plan.varied["strength"] for plan in label_check_plans(room, 500) if plan.method == "probe"]
    assert strengths == list(STRENGTHS)
    assert {plan.base for plan in label_check_plans(room, 500)} == {None, "small"}  # one base only
