"""Methods say where they tend to stand, and one that does not stands in the middle."""

import pytest

from haoqi.explore.plans.method_ranks import MIDDLE, method_rank
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from haoqi.methods import methods


def test_with_many_examples_tuning_stands_before_words_and_with_few_frozen_features_do() -> None:
    order = sorted(methods.names(), key=lambda name: method_rank(Plan(name)))
    assert order.index("full") < order.index("probe") < order.index("tfidf")
    few = sorted(methods.names(), key=lambda name: method_rank(Plan(name), few=True))
    assert few.index("probe") < few.index("full")


@pytest.mark.parametrize("name", [ENSEMBLE, "of_another_package"])
def test_what_does_not_say_stands_in_the_middle(name: str) -> None:
    assert method_rank(Plan(name)) == method_rank(Plan(name), few=True) == MIDDLE


def test_settings_and_base_are_nothing_to_a_rank() -> None:
    assert method_rank(Plan("probe", "minilm")) == method_rank(Plan("probe", "other", share=0.5))
