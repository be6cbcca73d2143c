"""What a reflection may look at is computed when asked for, and only where there is time."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples, Span, Splits
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.experiments.results import read_answers
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.history import History
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics, correct, count_tokens
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.models.bases import resolve
from tests.explore.test_reflections import MACHINE, TFIDF, Case, drawn, noisy


def test_looks_share_the_time_of_their_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    context, history = cast(Any, None), History(Ledger("sqlite://"), "run")
    clock = iter([10.0, 15.0, 25.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    shared = ChampionDiagnostics(context, history, left_seconds=100.0, begun=10.0)
    assert [shared.affords(14.0), shared.affords(14.0), shared.affords(0.1)] == [True, False, False]
    apart = ChampionDiagnostics(context, history, left_seconds=100.0, begun=10.0, shared=False)
    assert [apart.affords(14.0), apart.affords(14.0), apart.affords(16.0)] == [True, True, False]
    monkeypatch.undo()
    unclocked = ChampionDiagnostics(context, history)
    assert [unclocked.affords(19.0), unclocked.affords(19.0), unclocked.affords(21.0)] == [True, True, False]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 60), drawn(rng, 80))


def test_the_champions_answers_are_right_as_a_whole_or_not(case: Case) -> None:
    case.fake(TFIDF, noisy(case, np.random.default_rng(1), 0.2))
    found = ChampionDiagnostics(case.context, case.history)
    answers = read_answers(case.history.experiments[0], case.context).labels
    assert found.right.tolist() == [one == true for one, true in zip(answers, found.judged.labels, strict=True)]
    several = Examples.of(["x"] * 3, [("a", "b"), ("a",), ()])
    given = Predictions([("b", "a"), ("a", "b"), ()], np.ones(3), None)
    assert correct(several, given).tolist() == [True, False, True]


def test_what_the_champion_learnt_is_answered_by_its_own_model(case: Case) -> None:
    case.run(TFIDF)
    fitted = ChampionDiagnostics(case.context, case.history).fitted
    assert fitted is not None
    assert fitted.examples.texts == case.context.splits.train.texts
    task = case.context.task
    assert fitted.score == pytest.approx(task.metric(fitted.examples, fitted.predictions, task))
    assert fitted.right.mean() > 0.9


def test_strong_are_the_best_of_each_method_that_came_near_the_champion_first(case: Case) -> None:
    rng = np.random.default_rng(1)
    lesser = Plan.of("logistic", settings={"strength": 3.0})
    case.fake(lesser, noisy(case, rng, 0.3))
    best = case.fake(Plan("logistic"), noisy(case, rng, 0.2))
    case.fake(Plan("majority"), np.full((80, 2), 0.5))
    champion = case.fake(TFIDF, noisy(case, rng, 0.2))
    found = ChampionDiagnostics(case.context, case.history)
    assert found.strong_experiments(1.0)[0] == champion
    assert [one.plan for one in found.strong_experiments(1.0)[1:]] == [best.plan, Plan("majority")]
    assert found.strong_experiments(-1.0) == [champion]


def test_a_behavioural_test_changes_the_same_examples_in_the_same_way_again(case: Case) -> None:
    case.fake(TFIDF, noisy(case, np.random.default_rng(1), 0.2))
    one, again = (ChampionDiagnostics(case.context, case.history).probe("typos") for _ in range(2))
    assert one[0].texts == again[0].texts
    assert one[1].tolist() == again[1].tolist()
    assert set(one[0].labels) == {"a", "b"}


def test_tokens_are_counted_whole_and_those_that_a_base_does_not_know_apart(tiny_base: str, home: Path) -> None:
    found = count_tokens(resolve(tiny_base, home), ["The battery", "The Жbattery Ж", "the " * 500])
    assert found.counts.tolist() == [4, 5, 502]  # more than the base reads at once
    assert found.unknown.tolist() == [0, 2, 0]


def test_where_words_are_labelled_no_cheap_model_gives_an_opinion(tmp_path: Path) -> None:
    examples = Examples.of(["Ann came", "Bob left"], [(Span(0, 3, "PER"),)] * 2)
    splits, task = Splits(examples, examples, examples), tasks.build("entities", ("PER",))
    context = SearchContext(task, splits, {}, ExploreSettings(steps=1, folds=0), MACHINE, tmp_path, "case")
    found = ChampionDiagnostics(context, History(Ledger("sqlite://"), "case"))
    assert found.out_of_fold is found.out_of_fold_valid is None
