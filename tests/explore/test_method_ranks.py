"""Ranks of methods settle ties: they name methods that there are, and strangers stand in the middle."""

from haoqi.explore.plans.method_ranks import RANK, RANK_OF_FEW, method_rank
from haoqi.explore.plans.plan import Plan
from haoqi.methods.method import methods


def test_every_ranked_method_is_there_and_ranked_once() -> None:
    for ranks in (RANK, RANK_OF_FEW):
        assert set(ranks) <= set(methods.names())
        assert len(set(ranks)) == len(ranks)


def test_few_examples_have_an_order_of_their_own() -> None:
    setfit, full = Plan("setfit", "minilm"), Plan("full", "minilm")
    assert method_rank(full) < method_rank(setfit)
    assert method_rank(setfit, few=True) < method_rank(full, few=True)


def test_a_method_of_another_package_is_neither_first_nor_last() -> None:
    assert 0 < method_rank(Plan("of_another_package")) < len(RANK) - 1
