"""A close call between plans without chance is decided by cross-validation on more examples."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from haoqi.core.events import Note
from haoqi.core.ledger import Ledger
from haoqi.evaluate.metric import Statistics
from haoqi.evaluate.metrics import metrics
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.promotion import retest
from haoqi.explore.promotion.champion_test import CLOSE, ChampionTest, alpha_left
from haoqi.explore.promotion.retest import read_retest, retest_close_call
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.settings import ExploreSettings
from tests.explore.test_reflections import TFIDF, Case, drawn

ACCURACY = metrics.build("accuracy")
CHAMPION, CHALLENGER = Plan("tfidf"), Plan("probe")
VALID, ALL, ALPHA = 200, 1000, 0.05
LOGISTIC = Plan("logistic")


def counts(rights: int, rows: int) -> Statistics:
    """Return the statistics of a model that is right on the first rows."""
    right = (np.arange(rows) < rights).astype(float)
    return csr_array(np.stack([right, np.ones(rows)], axis=1))


def judged(looks: tuple[int, int], again: tuple[int, int] | None) -> tuple[Verdict, float]:
    """Return the verdict where a champion and a challenger are right so often, at first and again, and what is left."""
    history = History(Ledger("sqlite://"), "run")
    rules = ChampionTest(
        ACCURACY,
        alpha=ALPHA,
        pooled=lambda found: counts(looks[found[0].plan == CHALLENGER], VALID),
        repeatable=lambda experiment: False,
        seed=0,
        retest=lambda challenger, champion, history: (
            None if again is None else lambda: (counts(again[1], ALL), counts(again[0], ALL))
        ),
    )
    for plan in (CHAMPION, CHALLENGER):
        experiment = history.add(Experiment(plan, score=looks[plan == CHALLENGER] / VALID), spent=0.0)
        verdict = rules.verdict(history, experiment)
        history.judge(verdict, spent=0.0)
    return verdict, alpha_left(history, ALPHA)


def test_more_examples_decide_a_close_call() -> None:
    first, _ = judged((150, 154), None)
    assert first.decision == "kept"
    assert first.p_value is not None
    assert ALPHA < first.p_value < CLOSE
    found, left = judged((150, 154), (750, 775))
    assert (found.decision, found.retested, found.champion) == ("crowned", True, 2)
    assert found.score == 0.77  # on the validation examples, as all others are
    assert found.difference == pytest.approx(0.025)
    assert left == pytest.approx(ALPHA)


@pytest.mark.parametrize("again", [752, 740])
def test_more_examples_may_say_no_and_the_stake_is_paid(again: int) -> None:
    found, left = judged((150, 154), (750, again))
    assert (found.decision, found.retested, found.champion) == ("kept", True, 1)
    assert left < ALPHA


def test_what_is_clear_or_no_better_is_not_tried_again() -> None:
    for looks in ((150, 175), (150, 145), (150, 151)):
        found, _ = judged(looks, (750, 1000))
        assert not found.retested
    assert judged((150, 175), (750, 1000))[0].decision == "crowned"


def test_both_looks_together_crown_copies_as_seldom_as_one() -> None:
    """Two copies that fail at random: the second look is given where the first was close."""
    rng, crowned, runs = np.random.default_rng(0), 0, 300
    ledger = Ledger("sqlite://")
    for run in range(runs):
        right = (rng.random((2, ALL)) < 0.8).astype(float)
        sides = [csr_array(np.stack([one, np.ones(ALL)], axis=1)) for one in right]
        history = History(ledger, f"run {run}")
        rules = ChampionTest(
            ACCURACY,
            alpha=0.2,
            pooled=lambda found, sides=sides: sides[found[0].plan == CHALLENGER][:VALID],
            repeatable=lambda experiment: False,
            seed=run,
            retest=lambda challenger, champion, history, sides=sides: lambda: (sides[1], sides[0]),
        )
        for plan in (CHAMPION, CHALLENGER):
            experiment = history.add(Experiment(plan, score=0.8, expected=0.9, doubt=0.01), spent=0.0)
            verdict = rules.verdict(history, experiment)
            history.judge(verdict, spent=0.0)
        crowned += verdict.decision == "crowned"
    # Half of the alpha is staked, of which one side, a better challenger, is half.
    assert 0.005 < crowned / runs < 0.075


@pytest.fixture
def case(tmp_path: Path) -> Case:
    rng = np.random.default_rng(0)
    return Case(tmp_path, drawn(rng, 160), drawn(rng, 80))


def test_both_are_judged_on_all_examples_but_the_test_split_and_kept(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[str]()
    context = replace(case.context, listen=lambda event: told.append(event.text) if isinstance(event, Note) else None)
    one, other = (case.run(plan) for plan in (TFIDF, LOGISTIC))
    assert read_retest(other.plan, one.plan, context) is None
    assert context.cross_validated.store is context.whole.store is context.store  # what was read is kept for all
    again = retest_close_call(other, one, case.history, context)
    assert again is not None
    found = again()
    assert found is not None
    for side, experiment in zip(found, (other, one), strict=True):
        total = np.asarray(side.sum(axis=0)).ravel()
        assert side.shape[0] == 240
        assert abs(float(context.task.metric.score(total)) - (experiment.score or 0)) < 0.15
    assert "240 examples" in told[0]
    monkeypatch.setattr(retest, "cross_validate", None)  # what is kept is not computed again
    kept = read_retest(other.plan, one.plan, context)
    assert kept is not None
    assert all((a != b).nnz == 0 for a, b in zip(kept, found, strict=True))


def test_there_is_none_of_what_has_chance_of_a_share_or_without_time(case: Case) -> None:
    one, other = (case.run(plan) for plan in (TFIDF, LOGISTIC))
    few = case.run(replace(LOGISTIC, share=0.5))
    assert retest_close_call(few, one, case.history, case.context) is None
    chance = replace(other, plan=Plan("full", base="tiny"))
    assert retest_close_call(chance, one, case.history, case.context) is None
    for minutes, there in ((1e-4, False), (60.0, True)):
        context = replace(case.context, settings=ExploreSettings(minutes=minutes, folds=0))
        assert (retest_close_call(other, one, case.history, context) is not None) == there
    folded = replace(case.context, settings=ExploreSettings(steps=5, folds=3))
    assert retest_close_call(other, one, case.history, folded) is None


def test_one_that_fails_leaves_the_call_open(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*asked: object, **rest: object) -> None:
        raise ValueError("no fold has this label")

    one, other = (case.run(plan) for plan in (TFIDF, LOGISTIC))
    monkeypatch.setattr(retest, "cross_validate", failing)
    again = retest_close_call(other, one, case.history, case.context)
    assert again is not None
    assert again() is None
