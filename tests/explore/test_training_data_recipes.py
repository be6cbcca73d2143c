"""A plan's recipe is a part of its name, and changes what is learnt from and nothing else."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi import pipeline, tasks
from haoqi.core.errors import UserError
from haoqi.core.hardware import Hardware
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples, Span, Splits
from haoqi.data.preparing.store import load
from haoqi.data.recipes import RecipeTools
from haoqi.data.recipes.delete_words import DeleteWords
from haoqi.explore.experiments import training_data
from haoqi.explore.experiments.out_of_fold import predict_out_of_fold
from haoqi.explore.experiments.training_data import recipe_tools, training_examples
from haoqi.explore.plans.plan import Plan, plan_distance
from haoqi.explore.scheduling import candidate_plans
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.models.bases import resolve
from haoqi.models.releases import releases
from haoqi.run import run_of

MACHINE = Hardware(cores=2, memory_bytes=8 << 30, gpu=None, fp32_gflops=100.0, bf16_gflops=100.0)
GOOD, BAD = ("great", "lovely", "bright", "kind"), ("broken", "late", "dull", "rude")
THINGS = ("phone", "hotel", "coffee", "film", "train", "letter")

steps = st.lists(
    st.tuples(
        st.sampled_from(["drop_suspects", "balance", "cut_texts", "gone"]),
        st.dictionaries(
            st.sampled_from(["share", "strength", "parts"]), st.sampled_from([0.1, 0.5, ("end",)]), max_size=2
        ),
    ),
    max_size=3,
)


def plan_of(found: list[tuple[str, dict[str, Any]]]) -> Plan:
    plan = Plan("tfidf")
    for name, settings in found:
        plan = plan.with_recipe(name, **settings)
    return plan


def reviews(rows: int, seed: int = 0, wrong: float = 0.0) -> tuple[Examples, list[bool]]:
    """Return reviews that words decide, and which of them were labelled wrongly."""
    rng = np.random.default_rng(seed)
    texts, labels, turned = [], [], []
    for row in range(rows):
        good = bool(row % 2)
        turned.append(bool(rng.random() < wrong))
        words = rng.choice(GOOD if good else BAD, 3)
        texts.append(f"the {rng.choice(THINGS)} no. {row} was {words[0]} and {words[1]} and {words[2]}")
        labels.append("good" if good != turned[-1] else "bad")
    return Examples.of(texts, labels), turned


def context_of(
    folder: Path, train: Examples, valid: Examples, *bases: str, task: str = "topic", **rest: Any
) -> SearchContext:
    labels = rest.pop("labels", ("bad", "good"))
    unlabelled = rest.pop("unlabelled", None)
    return SearchContext(
        task=tasks.build(task, labels),
        splits=Splits(train, valid, valid.take([]), unlabelled),
        bases={base: resolve(base, folder / "cache") for base in bases},
        settings=ExploreSettings(),
        hardware=MACHINE,
        folder=folder,
        run="test",
        **rest,
    )


@given(found=steps)
def test_a_plan_with_a_recipe_survives_json(found: list[tuple[str, dict[str, Any]]]) -> None:
    plan = plan_of(found)
    assert Plan.from_plain(json.loads(json.dumps(asdict(plan)))) == plan


@given(one=steps, other=steps)
def test_recipes_make_plans_differ_moderately(
    one: list[tuple[str, dict[str, Any]]], other: list[tuple[str, dict[str, Any]]]
) -> None:
    mine, yours = plan_of(one), plan_of(other)
    assert plan_distance(mine, yours) == pytest.approx(plan_distance(yours, mine))
    assert plan_distance(mine, mine) == 0
    assert plan_distance(mine, yours) <= 0.2
    assert (mine.key == yours.key) == (mine == yours)


def test_plans_without_a_recipe_keep_the_names_that_they_had() -> None:
    assert Plan.of("probe", "minilm", {"strength": 0.5}).key == "ae3f2507a6f5"
    assert Plan("probe").with_recipe("balance").key != Plan("probe").key
    old = {name: value for name, value in asdict(Plan("tfidf")).items() if name != "recipe"}
    assert Plan.from_plain(old) == Plan("tfidf")


def test_a_nearer_recipe_is_nearer() -> None:
    plain, half = Plan("tfidf"), Plan("tfidf").with_recipe("balance", strength=0.5)
    whole, both = Plan("tfidf").with_recipe("balance", strength=1.0), half.with_recipe("drop_suspects")
    assert (
        0
        < plan_distance(half, whole)
        == plan_distance(half, both)
        < plan_distance(plain, half)
        < plan_distance(plain, Plan("probe"))
    )


def test_words_say_what_a_plan_learns_from() -> None:
    plan = Plan.of("tfidf", None, share=1 / 3).with_recipe("drop_suspects", share=0.05).with_recipe("gone", why="x")
    assert plan.words() == "tfidf, without the 5% most suspect labels, gone why x, 33% of the examples"


def test_a_plan_knows_how_much_more_there_is_to_learn() -> None:
    plan = Plan("tfidf").with_recipe("typos", copies=3).with_recipe("balance")
    assert (plan.growth, Plan("tfidf").growth) == (4.0, 1.0)


def test_plans_with_one_recipe_learn_from_the_same_examples(tmp_path: Path) -> None:
    train, _ = reviews(40)
    context = context_of(tmp_path, train, reviews(10, 1)[0])
    plans = [
        Plan(method, seed=seed).with_recipe("typos") for method, seed in (("tfidf", 0), ("majority", 0), ("tfidf", 1))
    ]
    one, other, reseeded = (training_examples(plan, context, train) for plan in plans)
    assert one == other != reseeded
    assert training_examples(Plan("tfidf"), context, train) is train
    assert training_examples(plans[0], context, train, part=1) != one
    few = training_examples(replace(plans[0], share=0.5), context, train)
    assert len(set(few.ids)) == 20


def test_words_of_spans_have_no_held_out_answers(tmp_path: Path) -> None:
    train = Examples.of(["Ann came", "Bob left"], [(Span(0, 3, "PER"),)] * 2)
    context = context_of(tmp_path, train, train, task="entities", labels=("PER",))
    with pytest.raises(UserError, match="cannot change examples with such answers"):
        training_examples(Plan("crf").with_recipe("drop_suspects"), context, train)
    with pytest.raises(UserError, match="labels of words"):
        predict_out_of_fold(context, train)
    found = training_examples(Plan("crf").with_recipe("delete_words", share=0.5), context, train)
    assert len(found) == 4
    assert {text[span.start : span.end] for text, (span,) in found} == {"Ann", "Bob"}


def test_a_generator_is_asked_once_per_request_and_only_where_it_is_needed(
    tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Echo:
        def generate(self, request: str, most: int) -> str:
            asked.append(request)
            return f"{request.rpartition(chr(10))[2]} indeed"

    base = resolve(tiny_base, tmp_path / "cache")
    decoder = replace(base, card=replace(base.card, languages=("en",)))
    train, _ = reviews(24)
    context = context_of(tmp_path, train, reviews(10, 1)[0], tiny_base)
    plan = Plan("tfidf").with_recipe("paraphrase", count=5)
    monkeypatch.setattr(training_data, "_writer", lambda context: None)
    with pytest.raises(UserError, match="needs a base that writes"):
        training_examples(plan, context, train)
    monkeypatch.setattr(training_data, "_writer", lambda context: decoder)
    monkeypatch.setattr(training_data, "load_generator", lambda base: Echo())
    assert recipe_tools(Plan("tfidf"), context).write is None
    found = training_examples(plan, context, train)
    assert len(found) == 24 + 5
    assert all(text.endswith("indeed") for text in found.texts[24:])
    assert training_examples(plan, context, train) == found
    assert len(asked) == 5


def test_unlabelled_texts_are_learnt_from_where_there_are_any(tmp_path: Path) -> None:
    (train, _), (valid, _), (more, _) = reviews(60), reviews(10, 1), reviews(30, 2)
    more = replace(more, labels=[None] * 30, ids=list(range(100, 130)))
    plan = Plan("tfidf").with_recipe("self_train", confidence=0.6)
    found = training_examples(plan, context_of(tmp_path, train, valid, unlabelled=more), train)
    assert len(found) > 75
    assert all((label == "good") == any(word in text for word in GOOD) for text, label in found)
    with pytest.raises(UserError, match="needs unlabelled texts"):
        training_examples(plan, context_of(tmp_path, train, valid), train)


RECIPES = (
    ("tfidf", ("drop_suspects", {"share": 0.05})),
    ("tfidf", ("balance", {})),
    ("majority", ("hide_tokens", {"tokens": ("great",)})),
    ("tfidf", ("neighbour_words", {"similarity": 0.2})),
)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch, tiny_base: str) -> None:
    """Put plans with recipes on the table."""
    usual: Callable[..., list[Plan]] = candidate_plans.list_plans

    def space(*given: Any, **rest: Any) -> list[Plan]:
        plans = [Plan(method).with_recipe(name, **settings) for method, (name, settings) in RECIPES]
        deep = Plan("probe", tiny_base).with_recipe("soften_suspects").with_recipe("delete_words")
        return [Plan("majority"), *plans, deep, *usual(*given, **rest)[:1]]

    monkeypatch.setattr(candidate_plans, "list_plans", space)


def write(path: Path, rows: int) -> Path:
    examples, _ = reviews(rows, wrong=0.1)
    lines = [f"{text},{label}" for text, label in examples]
    path.write_text("\n".join(["body,stars", *lines]), encoding="utf-8")
    return path


@pytest.mark.parametrize("folds", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_runs_with_recipes_repeat_themselves_and_never_show_them_what_is_judged(
    folds: int, tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch, offered: None
) -> None:
    digests, shown = [], list[set[int]]()
    apply = DeleteWords.apply

    def watched(self: DeleteWords, examples: Examples, tools: RecipeTools) -> Examples:
        shown.append(set(examples.ids))
        return apply(self, examples, tools)

    monkeypatch.setattr(DeleteWords, "apply", watched)
    for name in ("one", "two"):
        monkeypatch.setenv("HAOQI_HOME", str(tmp_path / name))
        source = write(tmp_path / "reviews.csv", 160)
        settings = {"steps": 7, "methods": ("majority", "tfidf", "probe"), "folds": folds, "variants": 0}
        run = run_of(str(source), base=(tiny_base,), near_duplicates=False, compile=False, **settings)
        release = pipeline.improve(run)
        [path] = (tmp_path / name / "runs" / "reviews").glob("*/ledger.sqlite")
        ledger = Ledger(path)
        digests.append(ledger.verify(ledger.runs()[0]))
        entries = ledger.entries(ledger.runs()[0], "experiment")
        assert {len(entry.body["plan"]["recipe"]) for entry in entries} == {0, 1, 2}
        assert not [entry.body["error"] for entry in entries if entry.body["error"]]
    assert digests[0] == digests[1]
    report = (release.folder / "report.html").read_text(encoding="utf-8")
    assert "without the 5% most suspect labels" in report
    train, valid, test = (
        set(load(path.parent / "data" / f"{part}.parquet").ids) for part in ("train", "valid", "test")
    )
    if folds:
        # What a fold's recipe was not shown is what it is judged on, each row once.
        held = [(train | valid) - seen for seen in shown[:folds]]
        assert sum(map(len, held)) == len(set().union(*held)) == len(train | valid)
    else:
        assert shown[0] == train
    assert not test & set().union(*shown)
    assert releases.load("reviews")("the film was great and lovely and kind").label == "good"
