"""What a plan takes by itself: the size of its fit follows from the examples, the recipe and how it is judged."""

from dataclasses import replace

import pytest

from haoqi.explore.costs.plan_costs import plan_size, plan_trial, plan_work
from haoqi.explore.plans.plan import Plan
from tests.explore.test_cost_model import CARD, MACHINE, context, plan_of


def test_a_fold_learns_from_all_but_its_part_and_is_not_watched() -> None:
    whole, folded = plan_size(Plan("tfidf"), context(2000, 500)), plan_size(Plan("tfidf"), context(2000, 500, folds=5))
    assert (whole.train_rows, whole.valid_rows, whole.watched) == (2000, 500, True)
    assert (folded.train_rows, folded.valid_rows, folded.watched) == (2000, 500, False)
    assert plan_trial(Plan("tfidf"), context(2000, 500, folds=5)).rows == 2500


def test_a_share_and_a_recipe_change_how_many_rows_are_learnt_from() -> None:
    room = context(900)
    assert plan_size(Plan("tfidf", share=1 / 3), room).train_rows == 300
    assert plan_size(Plan("tfidf").with_recipe("typos", copies=2), room).train_rows == 2700


def test_lengths_are_those_of_the_plans_base_and_its_table_is_what_its_layers_leave() -> None:
    room = context()
    size = plan_size(plan_of("probe"), room)
    assert size.lengths == room.lengths.of("small")
    assert size.tokens == pytest.approx(sum(size.lengths) / len(size.lengths))
    assert size.weights == pytest.approx(CARD.parameters, rel=0.01)
    assert plan_size(Plan("tfidf"), room).weights == 0.0


def test_the_work_of_a_plan_depends_on_no_machine() -> None:
    fast = replace(MACHINE, fp32_gflops=5000.0, text_speed=99.0)
    assert plan_work(plan_of("full"), context(machine=fast)) == plan_work(plan_of("full"), context())
    assert plan_work(plan_of("full"), context()) > plan_work(Plan("tfidf"), context()) > 0
