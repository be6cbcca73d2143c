"""What recipes have models compute is counted once, by whichever plan needs it first."""

from dataclasses import replace

import pytest

from haoqi.data.examples import Examples
from haoqi.data.recipes import recipes
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.costs.label_check_models import FOLDS, ROUNDS, label_check_plans
from haoqi.explore.costs.plan_costs import plan_size
from haoqi.explore.plans.plan import Plan
from tests.explore.test_cost_model import context, plan_of, ran


@pytest.mark.parametrize("folds", [0, 5])
def test_what_recipes_ask_of_models_is_paid_for_once(folds: int) -> None:
    room = context(500, 200, folds=folds)
    plain, doubting = Plan("tfidf"), Plan("tfidf").with_recipe("drop_suspects")
    fresh = CostModel.of(room, [], timed=False)
    extra = fresh.load(doubting) + fresh.load(plain).times(-1)
    times = max(1, folds)
    assert (
        extra.fits == times * len(label_check_plans(room, 500)) * FOLDS * ROUNDS
    )  # n-grams and embeddings, each in folds
    read = (700 if folds else 500) * plan_size(plan_of("probe"), room).forward(256, 6)
    assert extra.forward == pytest.approx(read, rel=0.01)
    later = CostModel.of(room, [ran(room, doubting)], timed=False)
    other = Plan("logistic").with_recipe("soften_suspects")
    assert later.load(other).forward == 0
    assert later.load(other).fits == times
    assert later.load(replace(other, share=1 / 3)).fits > times  # another sample is another question
    assert later.load(plan_of("probe")).forward < 0.5 * fresh.load(plan_of("probe")).forward


def test_a_second_opinion_is_priced_once_however_plans_are_judged_and_less_without_a_base() -> None:
    once, crossed = (CostModel.of(room, [], timed=False) for room in (context(500, 0), context(500, 0, folds=5)))
    price = once.label_check_seconds(once.context)
    assert crossed.label_check_seconds(crossed.context) == pytest.approx(price, rel=0.3)
    assert once.label_check_seconds(replace(once.context, bases={})) < 0.5 * price


def test_texts_that_are_asked_about_are_read_once_whoever_answers() -> None:
    room = context(500, 200)
    room = replace(room, splits=replace(room.splits, unlabelled=Examples.of([f"more {row}" for row in range(1000)])))
    fresh, once = CostModel.of(room, [], timed=False), plan_size(plan_of("probe"), room).forward(256, 6)
    recipe = next(name for name in recipes.names() if "answers" in recipes.build(name).needs)
    read = fresh.load(Plan("tfidf").with_recipe(recipe)).forward
    assert read == pytest.approx(1500 * once, rel=0.05)
