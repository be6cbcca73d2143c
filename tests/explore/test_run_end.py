"""The end of a run: how long people read, what the released model learnt from, what more would cost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.data.examples import Span
from haoqi.explore.advice.run_end import CHARACTERS_A_MINUTE, DECIDING_SECONDS, WORDS_A_MINUTE, RunEnd
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.record.history import Verdict
from tests.explore.test_reflections import TFIDF, Case, drawn, noisy


class Timeless(RunEnd):
    """A run end of which nothing but how fast people read is asked."""

    def __init__(self) -> None:
        pass


def test_people_read_words_and_characters_at_their_pace_and_decide_once_per_label() -> None:
    run_end = Timeless()
    words = run_end.human_seconds(["one two three four"], ["a"])
    assert words == pytest.approx(60 * 4 / WORDS_A_MINUTE + DECIDING_SECONDS)
    chinese = run_end.human_seconds(["电池坏了"], ["a"])
    assert chinese == pytest.approx(60 * 4 / CHARACTERS_A_MINUTE + DECIDING_SECONDS)
    spans = (Span(0, 3, "PER"), Span(4, 7, "PER"), Span(8, 9, "LOC"))
    assert run_end.human_seconds(["one two three four"], [spans]) == pytest.approx(words + 2 * DECIDING_SECONDS)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    found = Case(tmp_path, drawn(rng, 60), drawn(rng, 40))
    found.fake(TFIDF, noisy(found, rng, 0.2))
    return found


def test_the_released_model_has_learnt_from_what_its_release_says(case: Case) -> None:
    assert RunEnd(case.context, case.history, 1.0).rows == 60
    case.history.note("release", {"learnt_from": 100})
    assert RunEnd(case.context, case.history, 1.0).rows == 100


def test_after_cross_validation_it_has_learnt_from_all_folds(case: Case) -> None:
    folded = replace(case.context, settings=replace(case.context.settings, folds=4))
    assert RunEnd(folded, case.history, 1.0).rows == pytest.approx(100)


def test_more_examples_take_longer_in_proportion(case: Case) -> None:
    found = RunEnd(case.context, case.history, 1.0)
    assert found.refit_seconds(30) == pytest.approx(1.5 * found.refit_seconds())


def test_who_is_in_a_hurry_finds_out_nothing_more_and_keeps_what_is_known(case: Case) -> None:
    found = RunEnd(case.context, case.history, 5.0, deadline=1.0)
    known = found.costs
    assert found.without_new_fits.costs is known
    assert (found.without_new_fits.seconds, found.without_new_fits.deadline) == (0.0, None)
    assert found.without_new_fits.learning_curve.passes == 0  # no fit is made


def test_the_score_is_that_of_the_last_verdict_and_of_an_ensemble_its_weightiest_member_speaks(case: Case) -> None:
    other = Plan("logistic")
    case.fake(other, noisy(case, np.random.default_rng(1), 0.2))
    plan = Plan.of(ENSEMBLE, None, {"weights": (0.3, 0.7)}, made_of=(TFIDF, other))
    number = case.history.add(Experiment(plan, 0.9), spent=0.0).number
    case.history.judge(Verdict(number, "crowned", number, 0.91), spent=0.0)
    found = RunEnd(case.context, case.history, 1.0)
    assert found.score == 0.91
    assert found.plan == other
