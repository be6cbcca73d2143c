"""A plan is told in every language, whatever its method, settings and recipe."""

import re

import pytest

from haoqi.core.config import settings_of
from haoqi.core.say import Sentence, known
from haoqi.data.recipes import recipes
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from haoqi.methods.method import methods
from haoqi.report.markup import join

VARIED = {
    "balance": ({}, {"by": "weights"}, {"by": "rows"}),
    "cut_texts": ({}, {"parts": ("head_tail",)}),
    "hide_tokens": ({}, {"tokens": ("film", "(so, so)")}),
    "drop_suspects": ({}, {"share": 0.125}),
    "correct_suspects": ({}, {"share": 0.1}),
    "soften_suspects": ({}, {"share": 0.1}),
}
PLANS = [
    Plan.of("probe", "minilm", {"strength": 0.25}, share=0.5, seed=2).with_recipe(name, **settings)
    for name in recipes.names()
    for settings in VARIED.get(name, ({},))
]


def chinese(plan: Plan) -> str:
    words = plan.words()
    assert isinstance(words, Sentence)
    return words.within("zh")


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.recipe[0][0])
def test_every_recipe_is_told_in_both_languages(plan: Plan) -> None:
    english, parts = plan.words(), chinese(plan).split("，")
    assert english.startswith("probe of minilm, strength 0.25, ")
    assert english.endswith(", 50% of the examples, seed 2")
    assert (parts[0], parts[1], parts[-2], parts[-1]) == (
        "minilm 上的线性探针",
        "拟合强度 0.25",
        "50% 的样本",
        "种子 2",
    )
    recipe = "，".join(parts[2:-2])
    given = [word for value in dict(plan.recipe[0][1]).values() for word in (value if isinstance(value, tuple) else ())]
    for word in given:
        recipe = recipe.replace(word, "")
    assert re.search("[一-鿿]", recipe) and not re.search("[a-z]", recipe), recipe


@pytest.mark.parametrize("name", methods.names())
def test_every_method_and_every_setting_of_it_has_a_name_in_both_languages(name: str) -> None:
    assert known(f"method.{name}")
    assert [one.name for one in settings_of(methods.get(name)) if not known(f"setting.{one.name}")] == []


def test_an_ensemble_names_its_members() -> None:
    members = (PLANS[0], Plan.of("tfidf"), Plan.of("knn", "minilm").with_recipe("hide_tokens"))
    plan = Plan.of(ENSEMBLE, None, {"weights": (0.5, 0.3, 0.2)}, made_of=members)
    assert plan.words().startswith("ensemble of (probe of minilm, ")
    assert plan.words().endswith(") and (tfidf) and (knn of minilm, with some words hidden (10%))")
    assert chinese(plan).startswith("集成：（minilm 上的线性探针，")
    assert chinese(plan).endswith("）与（TF-IDF）与（minilm 上的近邻法，隐去部分词语（10%））")


def test_what_is_not_ours_is_called_by_its_own_name_and_is_never_markup() -> None:
    plan = Plan.of("of_another", "b<b>", {"odd_one": "x"}, share=0.25)
    assert plan.words() == "of-another of b<b>, odd one x, 25% of the examples"
    assert chinese(plan) == "b<b> 上的of-another，odd one x，25% 的样本"
    assert "<b>" not in join(plan.words())
