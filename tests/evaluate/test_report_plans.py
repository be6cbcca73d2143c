"""A plan is told in every language, whatever its recipe; English stays as the terminal has it."""

import re
from html import unescape

import pytest

from haoqi.data.recipes import recipes
from haoqi.evaluate.report.markup import Within, join
from haoqi.evaluate.report.plans import spoken
from haoqi.explore.plan import ENSEMBLE, Plan

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


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.recipe[0][0])
def test_every_recipe_is_told_in_both_languages(plan: Plan) -> None:
    told = spoken(plan.words())
    assert unescape(told.within("en")) == plan.words()
    chinese = unescape(told.within("zh")).split("，")
    assert (chinese[0], chinese[1], chinese[-2], chinese[-1]) == (
        "minilm 上的 probe",
        "strength 0.25",
        "50% 的样本",
        "种子 2",
    )
    recipe = "，".join(chinese[2:-2])
    given = [word for value in dict(plan.recipe[0][1]).values() for word in (value if isinstance(value, tuple) else ())]
    for word in given:
        recipe = recipe.replace(word, "")
    assert re.search("[一-鿿]", recipe) and not re.search("[a-z]", recipe), recipe


def test_an_ensemble_names_its_members() -> None:
    members = (PLANS[0], Plan.of("tfidf"), Plan.of("knn", "minilm").with_recipe("hide_tokens"))
    plan = Plan.of(ENSEMBLE, None, {"weights": (0.5, 0.3, 0.2)}, made_of=members)
    told = spoken(plan.words())
    assert told.within("en") == plan.words()
    assert told.within("zh").startswith("集成：（minilm 上的 probe，")
    assert told.within("zh").endswith("）与（tfidf）与（minilm 上的 knn，隐去部分词语（10%））")


def test_what_is_not_known_stays_as_it_is_and_markup_is_escaped() -> None:
    words = "mine, with <b>it</b>, 25% of the examples"
    assert unescape(spoken(words).within("zh")) == "mine，with <b>it</b>，25% 的样本"
    assert "<b>" not in join(spoken(words))
    assert Within("strong", spoken("a of <b>")).within("en") == "<strong>a of &lt;b&gt;</strong>"
