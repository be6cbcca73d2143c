"""One experiment: a fit that cannot beat the champion ends early, and tells nothing of its speed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.core.deadline import OutOfTimeError
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.experiments import run_experiment
from haoqi.explore.experiments.cross_validation import cross_validate
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.proposal import Belief, Proposal
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.history import History
from haoqi.explore.record.lessons import Lesson, LessonVerdict
from haoqi.explore.reflection import reflect
from haoqi.explore.reflection.champion_diagnostics import DIAGNOSTICS_SECONDS, ChampionDiagnostics
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.scheduling.scheduler import Scheduler
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.train.loop.early_stopping import ENDED_EARLY
from tests.explore.test_reflections import TFIDF, Case, drawn, flipped, noisy


@pytest.fixture
def hopeless(tmp_path: Path, tiny_base: str) -> Case:
    """Return a run whose labels are drawn by lot, with a champion who knows them all the same."""
    rng = np.random.default_rng(0)
    train = drawn(rng, 160)
    lots = np.flatnonzero(rng.random(160) < 0.5).tolist()
    case = Case(tmp_path, flipped(train, lots), drawn(rng, 40), base=tiny_base)
    sure = np.array([[label == "a", label == "b"] for label in case.context.judged.labels], dtype=float)
    case.fake(TFIDF, 0.98 * sure + 0.01)
    return case


def test_a_fit_that_cannot_beat_the_champion_ends_early_and_its_seconds_are_not_learnt_from(hopeless: Case) -> None:
    context, history = hopeless.context, hopeless.history
    plan = Plan.of("top_layers", "tiny", {"epochs": 4})
    step = Proposal(
        plan, Reason("asked"), "explore", Belief(None, 0.15, 1.0), 1.0, None, to_beat=history.champion_score
    )
    whole = run_experiment.run(replace(step, to_beat=None), context)
    assert (whole.cut, whole.notes) == (False, ())
    early = run_experiment.run(step, context)
    assert early.cut
    assert early.score is not None
    assert [note.kind in ENDED_EARLY for note in early.notes] == [True]
    again = run_experiment.run(step, context)
    assert (early.score, early.notes) == (again.score, again.notes)
    early = replace(early, seconds=0.01)  # a busy machine may take longer than the whole was believed to
    assert history.add(early, spent=0.0).notes == early.notes
    fresh = CostModel.of(context, history.experiments[:-1], timed=True)
    assert CostModel.of(context, history.experiments, timed=True).rates.logs.tolist() == fresh.rates.logs.tolist()
    assert CostModel.of(context, [whole], timed=True).rates.logs.tolist() != fresh.rates.logs.tolist()


def test_only_what_is_tried_for_the_title_must_come_up_to_the_champion(hopeless: Case) -> None:
    table, plan = Scheduler(hopeless.context, hopeless.history, None), Plan("top_layers", "tiny")
    title = hopeless.history.champion_score
    assert title is not None
    assert table._propose(plan, Reason("asked"), "explore").to_beat == title
    assert table._propose(replace(plan, share=1 / 3), Reason("asked"), "explore").to_beat is None
    for role in ("verify", "reflect"):
        assert table._propose(plan, "", role).to_beat is None


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("overfitting", [{"epochs": 2}]),  # its remedies were never confirmed, so that one is tried
        ("restless_seeds", [{"epochs": 8, "learning_rate": 0.00015}, {"average": 0.5}, {}]),
        ("rare_classes", [{"class_weights": "balanced"}, {}, {"focal": 2.0}]),
    ],
)
def test_reflections_propose_what_tames_a_training(
    kind: str, settings: list[dict[str, float]], tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    labels = "ab" * 12 + "c" if kind == "rare_classes" else "ab"
    case = Case(tmp_path, drawn(rng, 130, labels), drawn(rng, 400, "abc" if "c" in labels else "ab"), base=tiny_base)
    given = noisy(case, rng, 0.2)
    if "c" in labels:
        given[:, 2] = 0.0
    plan = Plan("top_layers", "tiny")
    case.fake(plan, given)
    if kind == "restless_seeds":
        case.fake(replace(plan, seed=1), noisy(case, rng, 0.2))
    if kind == "overfitting":
        train = case.context.splits.train
        known = run_experiment.Predictions(train.labels, np.ones(len(train)), None)
        monkeypatch.setattr(
            "haoqi.explore.reflection.champion_diagnostics.ChampionDiagnostics.ask", lambda seen, examples: known
        )
        monkeypatch.setattr("haoqi.explore.reflection.champion_diagnostics.LOOKED_AT", len(train))
    [lesson] = case.says(kind)
    assert [one.varied for one in lesson.plans] == settings


def test_of_the_cheap_plans_of_a_base_the_one_believed_best_is_first(tmp_path: Path, tiny_base: str) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 300), drawn(rng, 300), base=tiny_base)
    tried, believed = list[Plan](), dict[str, float]()
    while (step := Scheduler(case.context, case.history, None).propose_opening()) and len(tried) < 7:
        if not believed and step.plan.base:
            surrogate = Scheduler(case.context, case.history, None)._surrogate
            cheap = [
                plan for plan in candidate_plans(case.context) if plan.method in ("zero_shot", "knn", "probe", "blend")
            ]
            believed = {p.method: surrogate.score(p)[0] for p in cheap if not p.settings and p.share == 1.0}
        tried.append(step.plan)
        case.fake(step.plan, np.full((300, 2), 0.5))
    methods = [plan.method for plan in tried]
    assert methods[:3] == ["logistic", "majority", "tfidf"]
    assert len(believed) == 4
    assert methods[3] == max(believed, key=lambda name: believed[name]) == "blend"
    assert set(methods[4:]) == {"zero_shot", "knn", "probe"}


@pytest.mark.parametrize(("seconds", "first"), [(11.0, "blend"), (15.0, "probe")])
def test_the_first_of_a_base_is_not_chosen_by_a_second_more_or_less(
    seconds: float, first: str, tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 300), drawn(rng, 300), base=tiny_base)
    for name in ("logistic", "majority", "tfidf"):
        case.fake(Plan(name), np.full((300, 2), 0.5))
    taken = {"probe": 9.0, "blend": seconds}
    monkeypatch.setattr(Scheduler, "_seconds", lambda table, plan: taken.get(plan.method, 60.0))
    step = Scheduler(case.context, case.history, None).propose_opening()
    assert step is not None
    assert step.plan.method == first


def test_the_first_training_is_the_one_believed_best_though_others_are_cheap(
    tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 300), drawn(rng, 300), base=tiny_base)
    taken = {"setfit": 40.0, "lora": 9.0, "full": 9.0, "top_layers": 11.0}
    monkeypatch.setattr(Scheduler, "_seconds", lambda table, plan: taken.get(plan.method, 1.0))
    found = list[str]()
    while (step := Scheduler(case.context, case.history, None).propose_opening()) and len(found) < 3:
        if step.plan.method in taken:
            found.append(step.plan.method)
        else:
            assert not found  # what works on frozen features is done before
        case.fake(step.plan, np.full((300, 2), 0.5))
    assert found[0] == "setfit"
    assert set(found[1:]) == {"lora", "full"}


def test_a_training_heeds_wrong_labels_until_the_test_of_one_refutes_it(tmp_path: Path, tiny_base: str) -> None:
    rng = np.random.default_rng(0)
    train = drawn(rng, 600, cues=2)
    case = Case(tmp_path, flipped(train, rng.permutation(600)[:120].tolist()), drawn(rng, 300), base=tiny_base)

    def next_training() -> Plan:
        table = Scheduler(case.context, case.history, None)
        while (step := table.propose_opening()) and not table.trains_base(step.plan):
            case.fake(step.plan, np.full((300, 2), 0.5))
            table = Scheduler(case.context, case.history, None)
        assert step is not None
        return step.plan

    assert (next_training().method, next_training().recipe) == ("setfit", ())
    reflect.update_lessons(case.context, case.history, lambda: 0.0)
    [lesson] = case.history.lessons
    assert lesson.kind == "suspect_labels"
    assert next_training().recipe == (("early_learning", ()),)  # what can be held to early answers comes first
    heeding = {p.method: p.recipe for p in Scheduler(case.context, case.history, None)._adapted_plans if p.recipe}
    assert heeding["lora"] == (("early_learning", ()),)
    assert heeding["setfit"] == (("drop_suspects", ()),)  # it answers nothing while it learns
    assert "probe" not in heeding
    reflect.update_lessons(case.context, case.history, lambda: 0.0)
    again = History(case.history.ledger, "case")
    assert [one.kind for one in again.lessons] == ["suspect_labels"]  # looked for once
    assert (
        Scheduler(case.context, again, None).propose_opening()
        == Scheduler(case.context, case.history, None).propose_opening()
    )
    case.history.conclude(LessonVerdict(lesson.key, "refuted", None, None), spent=0.0)
    assert next_training().recipe == (("early_learning", ()),)  # of frozen features, which says nothing of trainings
    case.history.lessons[:] = [replace(lesson, parent=Plan("lora", "tiny"))]
    assert next_training().recipe == ()


@pytest.mark.parametrize(("seconds", "left", "second"), [(20.0, None, True), (20.0, 200.0, True), (60.0, 200.0, False)])
def test_a_second_training_is_unlike_the_first_and_comes_once_where_there_is_ample_time(
    seconds: float, left: float | None, second: bool, tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 300), drawn(rng, 300), base=tiny_base)
    costs = {"setfit": seconds, "lora": seconds, "full": seconds, "top_layers": seconds}
    monkeypatch.setattr(Scheduler, "_seconds", lambda table, plan: costs.get(plan.method, 1.0))
    monkeypatch.setattr(Scheduler, "_left_for", lambda table, plan: left)

    def opened(settings: ExploreSettings) -> list[str]:
        context, history = replace(case.context, settings=settings), History(Ledger("sqlite://"), "case")
        while step := Scheduler(context, history, left).propose_opening():
            history.add(Experiment(step.plan, score=0.5), spent=0.0)
        return [one.plan.method for one in history.experiments if one.plan.method in costs]

    found = opened(case.context.settings)
    assert len(found) == len(set(found)) == 1 + second
    assert opened(replace(case.context.settings, ensemble=False)) == found[:1]


def test_the_best_are_asked_together_while_there_is_time_to_release_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 100), drawn(rng, 100))
    context = replace(case.context, settings=replace(case.context.settings, steps=None, minutes=1.0))
    monkeypatch.setattr(CostModel, "reserve_seconds", lambda costs, plan: 9.0 if plan and plan.made_of else 1.0)

    def ending() -> list[bool]:
        return [Scheduler(context, case.history, left).is_end_near() for left in (19.0, 16.0, 14.0, 6.0)]

    for method in ("majority", "tfidf"):
        case.fake(Plan(method), noisy(case, rng, 0.3))
    assert ending() == [False, False, False, True]  # two are too few
    case.fake(Plan("logistic"), noisy(case, rng, 0.3))
    assert ending() == [False, False, True, True]


@pytest.mark.parametrize(
    ("measure", "seconds", "tested"), [("metric", 20.0, True), ("typos", 20.0, False), ("typos", 10.0, True)]
)
def test_a_lesson_aside_of_the_metric_may_take_less_of_the_time(
    measure: str, seconds: float, tested: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 100), drawn(rng, 100))
    case.fake(TFIDF, noisy(case, rng, 0.3))
    other = Plan.of("tfidf", settings={"strength": 2.0})
    case.history.learn(Lesson("brittleness", "", TFIDF, (other,), 0.05, 0.05, measure=measure), spent=0.0)
    context = replace(case.context, settings=replace(case.context.settings, steps=None, minutes=1.0, reflect=True))
    monkeypatch.setattr(Scheduler, "_seconds", lambda table, plan: seconds)
    step = Scheduler(context, case.history, 59.0).propose_lesson_test()
    assert (step is not None and step.plan == other) == tested


def test_second_opinions_are_asked_where_there_is_time_or_they_were_asked_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 100), drawn(rng, 100))

    def asked(seconds: float) -> Any:
        monkeypatch.setattr(CostModel, "label_check_seconds", lambda costs, room: seconds)
        return ChampionDiagnostics(case.context, case.history).out_of_fold

    assert asked(DIAGNOSTICS_SECONDS + 1) is None
    assert (found := asked(DIAGNOSTICS_SECONDS - 1)) is not None
    assert (asked(DIAGNOSTICS_SECONDS + 1) == found).all()


def test_with_few_examples_what_takes_a_second_is_tried_even_in_the_time_kept_for_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, 24), drawn(rng, 6))
    monkeypatch.setattr(CostModel, "reserve_for_champion", lambda costs, champion, left: 60.0)
    seconds = {"tfidf": 0.4, "logistic": 3.0, "majority": 0.0}
    monkeypatch.setattr(Scheduler, "_seconds", lambda table, plan: seconds.get(plan.method, 9.0))

    def opened(folds: int, left: float) -> tuple[set[str], Proposal | None]:
        context = replace(case.context, settings=replace(case.context.settings, steps=None, minutes=0.2, folds=folds))
        table = Scheduler(context, case.history, left)
        return {plan.method for plan in candidate_plans(context) if table._is_quick(plan)}, table.propose_opening()

    assert opened(3, 5.0) == (set(), None)  # without a champion there is nothing to spare
    case.fake(Plan("knn"), noisy(case, rng, 0.3))
    quick, step = opened(3, 5.0)
    assert quick == {"tfidf", "majority"}
    assert step is not None and step.plan.method in quick
    assert opened(3, 0.1)[0] == {"majority"}  # what is not there is not spent
    assert opened(0, 5.0) == (set(), None)


def test_what_passes_its_deadline_is_stopped_without_a_result_and_the_next_forecast_knows(hopeless: Case) -> None:
    context, history = hopeless.context, hopeless.history
    plan = Plan.of("top_layers", "tiny", {"epochs": 5})
    step = Proposal(plan, Reason("asked"), "explore", Belief(None, 0.15, 1.0), 1.0, None, deadline=0.0)
    found = run_experiment.run(step, context)
    assert (found.score, found.cut) == (None, True)
    assert found.error is not None
    assert (found.error.kind, found.failure()) == (
        "out_of_time",
        f"stopped after {found.seconds:.0f} s: its time was over",
    )
    assert not (context.folder / "checkpoints" / f"{plan.key}-{plan.seed}").exists()
    before = CostModel.of(context, history.experiments, timed=True).cost(plan).seconds
    history.add(replace(found, seconds=20 * before), spent=0.0)
    assert CostModel.of(context, history.experiments, timed=True).cost(plan).seconds > 1.5 * before


def test_folds_that_would_pass_the_deadline_are_not_begun(hopeless: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    context, now = replace(hopeless.context, settings=replace(hopeless.context.settings, folds=5)), [0.0]
    monkeypatch.setattr("haoqi.explore.experiments.cross_validation.time.perf_counter", lambda: now[0])
    begun = list[int]()

    def cooked(plan: Plan, context: SearchContext, examples: Examples, *, part: int = 0) -> Examples:
        begun.append(part)
        now[0] += 10.0
        return examples

    monkeypatch.setattr("haoqi.explore.experiments.cross_validation.training_examples", cooked)
    with pytest.raises(OutOfTimeError, match="2 of 5 folds"):
        cross_validate(Plan("majority"), context, deadline=40.0)
    assert begun == [0, 1]
    now[0], begun[:] = 0.0, []
    cross_validate(Plan("majority"), context, deadline=60.0)
    assert begun == [0, 1, 2, 3, 4]
