"""What the minutes had no time for is named with its own price and gain, and a base that is missing comes first."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.core.events import silent
from haoqi.evaluate.advice import NO_BASE, Advice, NextStep, ranked
from haoqi.explore.advice.advise import advise
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.run_end import RunEnd
from haoqi.explore.advice.untried_plan import find_untried, minutes_for, most_promising, none_with_base
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.costs.throughput import Cost
from haoqi.explore.plans.plan import Plan
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.base_choice import choose_bases, find_missing_base
from haoqi.explore.setup.context import SearchContext
from haoqi.models.bases import Base, bases
from haoqi.report.steps import hints_of, in_words, lead_of, reason_of
from tests.explore.test_reflections import TFIDF, Case, drawn

ENGLISH = {"en": 1.0}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A run of a minute whose champion counts words; a base is there that was not tried."""
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 120), drawn(rng, 80))
    case.run(TFIDF)
    card = bases.build("minilm")
    held = replace(case.context.card, languages=ENGLISH)
    case.context = replace(
        case.context,
        bases={"minilm": Base("minilm", Path(), card, "")},
        settings=ExploreSettings(minutes=1.0, folds=0),
        card=held,
    )
    return case


def run_end_of(case: Case, context: SearchContext | None = None) -> RunEnd:
    return RunEnd((context or case.context).heard(silent), case.history, 0.0)


def test_the_most_promising_plan_is_that_of_the_largest_gain_not_the_cheapest(case: Case) -> None:
    run_end = run_end_of(case)
    plans = [plan for plan in candidate_plans(case.context) if plan.key != TFIDF.key]
    found = most_promising(plans, run_end.acquisition)
    assert found is not None
    joint = run_end.acquisition.surrogate.believe(plans)
    values = run_end.acquisition.verified_gain(joint.mean, joint.deviation, run_end.acquisition.required_leads(plans))
    assert found[1] == pytest.approx(float(values.max()))
    assert most_promising([], run_end.acquisition) is None


def test_of_plans_that_promise_about_as_much_the_quickest_is_named_and_none_that_takes_ages(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_end = run_end_of(case)
    one, other, third = [plan for plan in candidate_plans(case.context) if plan.share == 1.0 and plan.base][:3]
    gains, prices = {one: 0.1, other: 0.09, third: 0.3}, {one: 200.0, other: 100.0, third: 5000.0}
    monkeypatch.setattr(
        "haoqi.explore.advice.untried_plan.gains_of", lambda plans, _: {plan: gains.get(plan, 0.0) for plan in plans}
    )
    monkeypatch.setattr(CostModel, "cost", lambda costs, plan: Cost(prices.get(plan, 50.0), 0.1))

    def named() -> Plan:
        found = find_untried(case.context, case.history, run_end.costs, run_end.acquisition)
        assert found is not None
        return found.plan

    assert named() == other
    gains[other] = 0.05
    assert named() == one
    case.context = replace(case.context, settings=ExploreSettings(minutes=10.0, folds=0))
    assert named() == third


def test_its_minutes_have_time_for_all_that_the_run_then_does(case: Case) -> None:
    run_end = run_end_of(case)
    dear = find_untried(case.context, case.history, run_end.costs, run_end.acquisition)
    assert dear is not None
    assert dear.plan.share == 1.0
    assert dear.seconds == pytest.approx(run_end.costs.cost(dear.plan).seconds)
    assert dear.more_seconds == 60.0 * dear.minutes - 60.0
    assert 0.95 * 60 * dear.minutes >= case.history.spent_seconds + dear.seconds
    assert dear.minutes >= 2
    longer = replace(case.context, settings=ExploreSettings(minutes=7.5, folds=0))
    assert minutes_for(dear.plan, longer, case.history, run_end.costs) >= 8


def test_where_no_method_with_a_base_was_tried_that_is_said_with_the_minutes_for_one(case: Case) -> None:
    assert none_with_base(case.context, case.history)
    told = next_steps.build("train_longer").suggest(run_end_of(case))
    assert told.reason == "train_longer_first"
    words = in_words(reason_of(told))
    assert "no method with a pretrained base fitted into the minutes" in words
    assert f"--minutes {told.evidence['total']}" in words
    assert told.evidence["best"] in words
    assert told.compute_seconds == 60.0 * told.evidence["total"] - 60.0


def test_nothing_is_left_to_try_only_where_all_was_tried(case: Case) -> None:
    alone = replace(
        case.context, settings=ExploreSettings(minutes=1.0, folds=0, methods=("tfidf",), variants=0), bases={}
    )
    tried = {one.plan.key for one in case.history.experiments}
    left = [plan for plan in candidate_plans(alone) if plan.key not in tried]
    told = next_steps.build("train_longer").suggest(run_end_of(case, alone))
    assert (told.reason == "train_longer_exhausted") == (not left)


def test_a_run_without_a_base_is_told_which_to_bring_before_all_else(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = replace(case.context, bases={}, settings=ExploreSettings(minutes=5.0, folds=0))
    monkeypatch.setattr(RunEnd, "score", 0.8)  # of a champion that can still gain
    told = next_steps.build("bigger_base").suggest(run_end_of(case, bare))
    assert told.reason == NO_BASE
    assert told.evidence["base"] == "minilm"
    assert told.evidence["megabytes"] == 84
    assert (told.gain or 0.0) > 0
    advice = advise(bare, case.history, 5.0)
    assert advice is not None
    assert advice.best.reason == NO_BASE
    assert "haoqi bases get minilm" in in_words(lead_of(advice))
    first, *_ = hints_of(advice)
    for language in ("en", "zh"):
        assert "haoqi bases get minilm" in in_words(first, language)
        assert "84 MB" in in_words(first, language)


def test_chinese_texts_want_the_base_of_many_languages(case: Case) -> None:
    card = replace(case.context.card, languages={"zh": 1.0})
    bare = replace(case.context, bases={}, card=card, settings=ExploreSettings(minutes=5.0, folds=0))
    assert next_steps.build("bigger_base").suggest(run_end_of(case, bare)).evidence["base"] == "multilingual"


def test_who_wants_no_method_with_a_base_is_told_of_none(case: Case) -> None:
    bare = replace(case.context, bases={}, settings=ExploreSettings(minutes=5.0, folds=0, methods=("tfidf",)))
    assert next_steps.build("bigger_base").suggest(run_end_of(case, bare)).reason != NO_BASE


def test_the_base_comes_before_a_step_that_gains_more_per_minute(case: Case) -> None:
    bare = replace(case.context, bases={}, settings=ExploreSettings(minutes=5.0, folds=0))
    base = next_steps.build("bigger_base").suggest(run_end_of(case, bare))
    quick = replace(base, kind="label_more", reason="label_more", low=0.4, gain=0.5, compute_seconds=1.0)
    order = ranked([quick, base], 0.0005)
    assert [one.kind for one in order] == ["bigger_base", "label_more"]
    assert Advice("accuracy", 0.5, order).best.kind == "bigger_base"


def test_the_missing_base_is_the_one_that_a_run_would_go_on_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path))
    monkeypatch.setattr("haoqi.models.bases._packages.package_file", lambda card, cache=None: None)
    monkeypatch.setattr("haoqi.models.bases._resolve.package_file", lambda card, cache=None: None)
    english = find_missing_base(["the film was a great joy to watch and I would see it again"] * 5, tmp_path)
    chinese = find_missing_base(["这家酒店的房间很干净，服务也很好"] * 5, tmp_path)
    assert (english and english.name, chinese and chinese.name) == ("minilm", "multilingual")
    assert choose_bases(ExploreSettings(), ENGLISH, tmp_path, silent) == {}


def test_plans_of_a_base_that_is_not_here_cost_what_they_would(case: Case) -> None:
    run_end = run_end_of(case)
    probe = Plan("probe", "minilm")
    assert run_end.costs.cost(probe).seconds > run_end.costs.cost(TFIDF).seconds


def test_advice_whose_time_is_over_is_told_from_what_is_known(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(self: object, run_end: RunEnd) -> NextStep:
        while run_end.seconds:
            pass
        return NextStep("label_more", "label_more", evidence={"count": 1})

    monkeypatch.setattr(next_steps.get("label_more"), "suggest", endless)
    advice = advise(case.context, case.history, 0.2)
    assert advice is not None
    assert sorted(step.kind for step in advice.steps) == next_steps.names()
