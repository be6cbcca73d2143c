"""What is released learns from the validation examples, too, where there is time and it does no harm."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi.core.events import Note
from haoqi.explore.costs.closing_costs import LATE
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.experiments import final_fit
from haoqi.explore.experiments.final_fit import final_model
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.scheduling.ensemble_timing import can_refit
from haoqi.explore.settings import ExploreSettings
from haoqi.models.model import Model
from tests.explore.test_reflections import TFIDF, Case, drawn

ROWS, JUDGED = 120, 80


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, ROWS), drawn(rng, JUDGED))


def released(case: Case, champion: Experiment, left: float | None = None, **settings: Any) -> Model:
    context = replace(case.context, settings=ExploreSettings(**{"steps": 100, "folds": 0, **settings}))
    return final_model(champion, context, case.history, left)


def test_validation_examples_are_learnt_from_with_the_calibration_that_they_gave(case: Case) -> None:
    champion = case.run(TFIDF)
    model, judged = released(case, champion), released(case, champion, refit=False)
    assert (model.facts["learnt_from"], judged.facts["learnt_from"]) == (ROWS + JUDGED, ROWS)
    assert model.calibration == judged.calibration
    surer = [one.predict(case.context.splits.valid).confidence.mean() for one in (model, judged)]
    assert surer[0] > surer[1] + 0.01


def test_what_is_no_better_on_what_it_learnt_is_not_released(case: Case) -> None:
    champion, told = case.run(TFIDF), list[str]()
    case.context = replace(
        case.context, listen=lambda event: told.append(event.text) if isinstance(event, Note) else None
    )
    model = released(case, replace(champion, score=1.1))
    assert model.facts["learnt_from"] == ROWS
    assert "no better" in told[-1]


def test_stopped_it_releases_the_judged_model(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    champion = case.run(TFIDF)

    def stopped(plan: Plan, context: Any, seconds: float | None) -> Model:
        raise KeyboardInterrupt

    monkeypatch.setattr(final_fit, "_refitted", stopped)
    assert released(case, champion).facts["learnt_from"] == ROWS


def test_who_ended_the_search_does_not_wait_for_another_fit(case: Case) -> None:
    champion = case.run(TFIDF)
    context = replace(case.context, settings=ExploreSettings(minutes=1.0, folds=0))
    found = [
        final_model(champion, context, case.history, 60.0, stopped=one).facts["learnt_from"] for one in (True, False)
    ]
    assert found == [ROWS, ROWS + JUDGED]


def test_without_time_for_it_the_judged_model_is_released(case: Case) -> None:
    champion = case.run(TFIDF)
    costs = CostModel.of(case.context, case.history.experiments, timed=True)
    needed = costs.refit_seconds(TFIDF) + costs.scoring_seconds(TFIDF) + costs.closing_seconds(TFIDF)
    found = [released(case, champion, left, minutes=0.001).facts["learnt_from"] for left in (-1.0, 2 * needed)]
    assert found == [ROWS, ROWS + JUDGED]


def test_a_late_release_still_learns_what_is_soon_learnt(case: Case) -> None:
    champion = case.run(TFIDF)
    assert released(case, champion, -10.0, minutes=1.0).facts["learnt_from"] == ROWS + JUDGED


def test_a_fit_that_the_clock_cut_short_is_not_made_again(case: Case) -> None:
    champion = replace(case.run(TFIDF), cut=True)
    assert released(case, champion, 1e6, minutes=1.0).facts["learnt_from"] == ROWS
    assert released(case, champion).facts["learnt_from"] == ROWS + JUDGED  # where no clock counts none was


def test_all_members_of_an_ensemble_learn_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    members = (TFIDF, Plan("logistic"))
    for one in members:
        case.run(one)
    plan = Plan.of(ENSEMBLE, settings={"weights": (0.5, 0.5)}, made_of=members)
    champion = case.run(plan)
    learnt = list[int]()
    fit = final_fit.training_examples

    def counted(plan: Plan, context: Any, examples: Any) -> Any:
        learnt.append(len(examples))
        return fit(plan, context, examples)

    monkeypatch.setattr(final_fit, "training_examples", counted)
    assert released(case, champion).facts["learnt_from"] == ROWS + JUDGED
    assert learnt == [ROWS + JUDGED] * 2


def test_those_members_of_an_ensemble_learn_again_for_which_there_is_time(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    light, heavy = TFIDF, Plan("logistic")
    ran = [case.run(one) for one in (light, heavy)]
    plan = Plan.of(ENSEMBLE, settings={"weights": (0.2, 0.8)}, made_of=(light, heavy))
    champion = replace(case.run(plan), score=0.0)
    monkeypatch.setattr(CostModel, "refit_seconds", lambda costs, one: 30.0 if one == heavy else 10.0)
    learnt = list[Plan]()
    fit = final_fit.training_examples

    def counted(one: Plan, context: Any, examples: Any) -> Any:
        learnt.append(one)
        return fit(one, context, examples)

    monkeypatch.setattr(final_fit, "training_examples", counted)
    context = replace(case.context, settings=ExploreSettings(minutes=0.01, folds=0))
    costs = CostModel.of(context, case.history.experiments, timed=True)
    alone = costs.reserve_seconds(plan)
    found = []
    for left in (5.0, 20.0, 35.0, 45.0):
        learnt.clear()
        rows = final_model(champion, context, case.history, left + alone).facts["learnt_from"]
        found.append(
            (
                set(learnt),
                rows,
                costs.reserve_for_champion(champion, left + alone),
                can_refit(plan, context, costs, left + alone),
            )
        )
    assert found == [
        (set(), ROWS, alone, False),
        ({light}, ROWS + JUDGED, alone + 10, False),
        ({heavy}, ROWS + JUDGED, alone + 30, True),
        ({light, heavy}, ROWS + JUDGED, alone + 40, True),
    ]
    unwanted = replace(context, settings=replace(context.settings, refit=False))
    assert can_refit(plan, unwanted, CostModel.of(unwanted, ran, timed=True), 1.0)
    case.history.experiments[1] = replace(ran[1], cut=True)
    learnt.clear()
    final_model(champion, context, case.history, 45.0 + alone)
    assert learnt == [light]


def test_time_for_the_last_fit_is_kept_where_it_is_soon_made(case: Case) -> None:
    def reserve(minutes: float, **settings: Any) -> float:
        context = replace(case.context, settings=ExploreSettings(minutes=minutes, folds=0, **settings))
        return CostModel.of(context, case.history.experiments, timed=True).reserve_seconds(TFIDF)

    again = CostModel.of(case.context, [], timed=True).refit_seconds(TFIDF)
    assert reserve(5.0) - reserve(5.0, refit=False) == pytest.approx(again)
    short = 0.05 * again / 60
    assert reserve(short) == reserve(short, refit=False)


@pytest.fixture
def trained(tmp_path: Path, tiny_base: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Case, Experiment]:
    """Return a run whose champion is a training, for which a whole last fit would take for ever."""
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, ROWS), drawn(rng, JUDGED), base=tiny_base)
    champion = case.run(Plan.of("lora", "tiny", settings={"epochs": 1}))
    monkeypatch.setattr(CostModel, "refit_seconds", lambda costs, plan: 1e9)
    return case, champion


@pytest.mark.parametrize("cut", [False, True])
def test_a_training_learns_again_in_the_time_that_there_is(
    trained: tuple[Case, Experiment], monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    case, champion = trained
    champion = replace(champion, score=0.0, seconds=20.0, cut=cut)
    given = list[float | None]()
    job = final_fit.build_job

    def seen(*args: Any, seconds: float | None = None, **others: Any) -> Any:
        given.append(seconds)
        return job(*args, seconds=seconds, **others)

    monkeypatch.setattr(final_fit, "build_job", seen)
    assert released(case, champion, 19.0, minutes=0.01).facts["learnt_from"] == ROWS
    assert not given
    assert released(case, champion, 30.0, minutes=0.01).facts["learnt_from"] == ROWS + JUDGED
    assert given[0] is not None
    assert 20.0 < given[0] < 30.0


def test_a_training_among_members_learns_again_in_what_the_others_leave(
    trained: tuple[Case, Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    case, lora = trained[0], trained[1].plan
    case.run(TFIDF)
    plan = Plan.of(ENSEMBLE, settings={"weights": (0.8, 0.2)}, made_of=(lora, TFIDF))
    champion = replace(case.run(plan), score=0.0)
    monkeypatch.setattr(CostModel, "refit_seconds", lambda costs, one: 40.0 if one == lora else 10.0)
    monkeypatch.setattr(CostModel, "_shorter", lambda costs, one: 20.0 if one == lora else float("inf"))
    context = replace(case.context, settings=ExploreSettings(minutes=0.01, folds=0))
    costs = CostModel.of(context, case.history.experiments, timed=True)
    whole = {lora: None, TFIDF: None}
    found = {seconds: costs.affordable_refits(plan, seconds) for seconds in (5.0, 15.0, 25.0, 32.0, 50.0, 99.0)}
    assert found == {
        5.0: {},
        15.0: {TFIDF: None},
        25.0: {lora: 25.0},
        32.0: {lora: 22.0, TFIDF: None},
        50.0: whole,
        99.0: whole,
    }
    alone = costs.reserve_seconds(plan)
    assert [costs.reserve_for_champion(champion, alone + left) - alone for left in (32.0, 60.0)] == pytest.approx(
        [32.0, 50.0]
    )
    given = dict[Plan, float | None]()
    job = final_fit.build_job

    def seen(one: Plan, *args: Any, seconds: float | None = None, **others: Any) -> Any:
        given[one] = seconds
        return job(one, *args, seconds=seconds, **others)

    monkeypatch.setattr(final_fit, "build_job", seen)
    model = final_model(
        champion, context, case.history, 32.0 + costs.scoring_seconds(plan) + costs.closing_seconds(plan)
    )
    assert model.facts["learnt_from"] == ROWS + JUDGED
    assert given[TFIDF] is None
    assert 15.0 < (given[lora] or 0.0) < 22.5


def test_time_for_a_last_fit_as_long_as_the_first_is_kept_while_there_is_some(
    trained: tuple[Case, Experiment],
) -> None:
    case, champion = trained[0], replace(trained[1], seconds=20.0)
    context = replace(case.context, settings=ExploreSettings(minutes=1.0, folds=0))
    costs = CostModel.of(context, case.history.experiments, timed=True)
    alone = costs.reserve_seconds(champion.plan)
    assert costs.reserve_for_champion(champion, 60.0) == pytest.approx(alone + 20.0)
    assert costs.reserve_for_champion(champion, 20.0) == alone
    assert costs.reserve_for_champion(replace(champion, plan=TFIDF), 60.0) == costs.reserve_seconds(TFIDF)
    assert costs.reserve_for_champion(None, 60.0) == costs.reserve_seconds(None)
    without = CostModel.of(replace(context, settings=replace(context.settings, refit=False)), [], timed=True)
    assert without.reserve_for_champion(champion, 60.0) == without.reserve_seconds(champion.plan)


def test_no_experiment_waits_for_a_last_fit_that_the_time_left_has_no_room_for(
    trained: tuple[Case, Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    case, words = trained[0], replace(trained[1], plan=TFIDF)
    monkeypatch.setattr(CostModel, "refit_seconds", lambda costs, plan: 10.0)
    context = replace(case.context, settings=ExploreSettings(minutes=1.0, folds=0))
    costs = CostModel.of(context, case.history.experiments, timed=True)
    kept = costs.reserve_seconds(TFIDF)
    assert (
        costs.reserve_for_champion(words, kept) == costs.reserve_for_champion(words, kept - LATE * 60.0 + 0.1) == kept
    )
    assert costs.reserve_for_champion(words, kept - LATE * 60.0 - 0.1) == pytest.approx(kept - 10.0)


def test_a_last_fit_reads_nothing_that_was_read_before(tmp_path: Path, tiny_base: str) -> None:
    rng = np.random.default_rng(0)
    case = Case(tmp_path, drawn(rng, ROWS), drawn(rng, JUDGED), base=tiny_base)
    probe = Plan("probe", "tiny")
    costs = CostModel.of(case.context, [], timed=True)
    assert costs.refit_seconds(probe) < costs.cost(probe).at_most()
