"""What the experiments of a run answered and scored, read back from its folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.explore.experiments.results import (
    pool_statistics,
    read_answers,
    read_early_answers,
    read_evidence,
    score_answers,
)
from tests.explore.test_reflections import TFIDF, Case, drawn, noisy


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 40), drawn(rng, 100))


def test_several_seeds_of_a_plan_are_as_good_as_their_mean(case: Case) -> None:
    rng = np.random.default_rng(1)
    one, other = case.fake(TFIDF, noisy(case, rng, 0.2)), case.fake(replace(TFIDF, seed=1), noisy(case, rng, 0.4))
    alone = [pool_statistics([seed], case.context).toarray() for seed in (one, other)]
    np.testing.assert_allclose(pool_statistics([one, other], case.context).toarray(), (alone[0] + alone[1]) / 2)


def test_the_evidence_has_the_score_and_the_interval_of_the_ledger(case: Case) -> None:
    made = case.fake(TFIDF, noisy(case, np.random.default_rng(1), 0.2))
    known = replace(made, low=0.1, high=0.95)
    found = read_evidence(known, case.context)
    assert found.scores[case.context.task.metric.name] == (made.score, 0.1, 0.95)
    assert (found.examples, found.folds) == (100, 0)


def test_answers_are_scored_the_same_whenever_they_are(case: Case) -> None:
    made = case.fake(TFIDF, noisy(case, np.random.default_rng(1), 0.2))
    answers = read_answers(made, case.context)
    one, again = (score_answers(case.context.task, case.context.judged, answers, seed=3) for _ in range(2))
    assert one == again
    assert one.scores[case.context.task.metric.name][0] == pytest.approx(made.score)


def test_who_was_not_held_to_early_answers_remembers_none(case: Case) -> None:
    assert read_early_answers(case.fake(TFIDF, noisy(case, np.random.default_rng(1), 0.2)), case.context) is None
