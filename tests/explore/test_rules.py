"""The champion test of a search is built from its settings, and asks for another seed only where one matters."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.promotion.rules import champion_test
from haoqi.explore.settings import ExploreSettings
from tests.explore.test_reflections import TFIDF, Case, drawn, noisy


@pytest.fixture
def case(tmp_path: Path, tiny_base: str) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 40), drawn(rng, 100), base=tiny_base)


def test_only_what_chance_has_a_part_in_is_repeated_with_another_seed(case: Case) -> None:
    test = champion_test(case.context)
    plans = (Plan("full", "tiny"), TFIDF, Plan(ENSEMBLE), Plan("of_another_run"))
    assert [test.repeatable(Experiment(plan, 0.5)) for plan in plans] == [True, False, False, False]


def test_alpha_and_metric_are_those_of_the_search(case: Case) -> None:
    test = champion_test(replace(case.context, settings=ExploreSettings(alpha=0.02), seed=7))
    assert (test.alpha, test.seed, test.metric) == (0.02, 7, case.context.task.metric)


def test_a_clearly_better_challenger_is_crowned_on_the_answers_that_lie_in_the_folder(case: Case) -> None:
    rng, test = np.random.default_rng(1), champion_test(case.context)
    case.fake(Plan("logistic"), np.full((100, 2), 0.5))
    champion = case.history.champion
    challenger = case.fake(TFIDF, noisy(case, rng, 0.2))
    del case.history.verdicts[-1]
    found = test.verdict(case.history, challenger)
    assert champion is not None
    assert (found.decision, found.champion, found.against) == ("crowned", challenger.number, champion.number)
