"""What plans are worth: gains that a test would confirm, and what their outcomes teach."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from haoqi.core.ledger import Ledger
from haoqi.explore.beliefs.acquisition import PAIRED_ERROR, Acquisition, paired_error
from haoqi.explore.beliefs.surrogate import Surrogate
from haoqi.explore.beliefs.transfer_prior import PriorBelief, TransferPrior
from haoqi.explore.costs.throughput import Cost
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.record.lessons import Lesson
from haoqi.explore.scheduling.strategies import strategies

SECONDS = {"logistic": 1.0, "probe": 10.0, "full": 90.0, "tfidf": 2.0, "knn": 2.0}


def acquisition(left: float | None = 100.0, prior: TransferPrior | None = None, **rest: object) -> Acquisition:
    def seconds(plan: Plan) -> float:
        return SECONDS[plan.method] * plan.share

    shown = [Experiment(Plan("logistic"), 0.75, number=1, low=0.73, high=0.77)]
    facts = {"left_share": 1.0, "champion_score": 0.75, "paired_error": 0.01, **rest}
    return Acquisition(
        Surrogate.of(prior or TransferPrior(), shown),
        cost=lambda plan: Cost(seconds(plan), 0.2),
        least_seconds=seconds,
        left_seconds=left,
        **facts,  # type: ignore[arg-type]
    )


def curious(plans: list[Plan], told: Acquisition, **settings: float) -> Plan:
    return strategies.build("curious", **settings).propose(plans, [], told, Random(0))


def test_a_gain_counts_as_far_as_a_test_would_confirm_it() -> None:
    told = acquisition()
    odds, sure = np.log([0.7 / 0.3, 0.77 / 0.23, 0.9 / 0.1]), np.full(3, 1e-6)
    proofs = told.required_leads([Plan("tfidf"), Plan("probe"), Plan("full")])
    worse, close, clear = told.verified_gain(odds, sure, proofs)
    assert worse == 0.0
    assert 0.008 < close < 0.012  # two errors ahead: every second one passes
    assert clear == pytest.approx(0.15, abs=1e-4)
    doubtful = told.verified_gain(odds[:1], np.array([0.5]), proofs[:1])[0]
    assert doubtful > 0.01  # for what may be, not for what is likely
    rough = replace(told, paired_error=0.05)
    assert rough.verified_gain(odds[1:2], sure[:1], rough.required_leads([Plan("probe")]))[0] < close / 4


def test_what_other_data_sets_know_to_be_better_needs_to_show_less() -> None:
    leads = {"probe": PriorBelief(0.3, 0.1), "full": PriorBelief(0.05, 2.0)}
    told = acquisition(lead=lambda plan: leads.get(plan.method), paired_error=0.02)
    known, doubted, unknown = told.required_leads([Plan("probe"), Plan("full"), Plan("knn")])
    assert known == 0.0  # to be ahead is enough
    assert unknown == pytest.approx(0.02 * 1.96, rel=1e-3)
    assert 0.02 * 1.6 < doubted < unknown  # the doubt is worth 0.05, not half of it as in a test of two sides
    scored = np.log([0.78 / 0.22]), np.array([0.1])
    assert told.verified_gain(*scored, np.array([known]))[0] > 1.5 * told.verified_gain(*scored, np.array([unknown]))[0]
    lesson = Lesson("mine", "", Plan("knn"), (Plan("probe"),), gain=0.02, doubt=0.01)
    assert told.lesson_gain(lesson) > 1.5 * told.lesson_gain(replace(lesson, plans=(Plan("knn"),)))


def test_a_cheap_part_of_a_dear_plan_teaches_more_than_a_stranger() -> None:
    """Nothing is known of full fine-tuning: a ninth of it says whether the whole is worth its 90 seconds."""
    prior = TransferPrior(
        {"full": PriorBelief(0.3, 0.8), "knn": PriorBelief(-1.0, 0.1)}, {"full": PriorBelief(0.4, 0.05)}
    )
    told = acquisition(prior=prior)
    whole, part, stranger = Plan("full"), Plan("full", share=1 / 9), Plan("knn")
    plans = [whole, part, stranger]
    joint = told.surrogate.believe(plans)
    taught = told.knowledge_gradient(plans, joint)
    assert taught[1] > 5 * taught[2]
    assert taught[1] > 0.002
    dead = told.knowledge_gradient([part, stranger], told.surrogate.believe([part, stranger]))
    assert dead[0] < taught[1] / 5  # without the whole in reach there is little to teach
    assert curious(plans, told) == part


def test_what_cannot_be_used_any_more_is_not_worth_learning() -> None:
    prior = TransferPrior({"full": PriorBelief(0.3, 0.8)}, {"full": PriorBelief(0.4, 0.05)})
    whole, part = Plan("full"), Plan("full", share=1 / 9)
    plans = [whole, part]
    taught = [
        told.knowledge_gradient(plans, told.surrogate.believe(plans))
        for told in (acquisition(100.0, prior), acquisition(95.0, prior))
    ]
    assert taught[0][1] > 0.002
    assert taught[1][1] == 0.0  # after the part 85 seconds are left, and the whole takes 90


def test_curiosity_fades_as_the_budget_ends() -> None:
    prior = TransferPrior({"full": PriorBelief(0.3, 0.8)}, {"full": PriorBelief(1.2, 0.05)})
    whole, part = Plan("full"), Plan("full", share=1 / 9)  # of itself the part has next to no chance
    early = acquisition(300.0, prior, left_share=1.0)
    assert curious([whole, part], early) == part
    assert curious([whole, part], replace(early, left_share=0.0)) == whole
    assert curious([whole, part], early, curiosity=0.0) == whole


def test_cheap_plans_come_before_dear_ones_that_promise_as_much() -> None:
    prior = TransferPrior({"full": PriorBelief(0.5, 0.3), "probe": PriorBelief(0.5, 0.3)})
    assert curious([Plan("full"), Plan("probe")], acquisition(prior=prior)) == Plan("probe")
    better = TransferPrior({"full": PriorBelief(0.6, 0.3), "probe": PriorBelief(0.5, 0.3)})
    assert curious([Plan("full"), Plan("probe")], acquisition(None, better)) == Plan("full")  # a step is a step


def test_a_lesson_promises_what_a_test_would_confirm() -> None:
    lesson = Lesson("overfitting", "It follows its examples.", Plan("probe"), (Plan("probe"),), gain=0.03, doubt=0.01)
    told = acquisition()
    assert 0.02 < told.lesson_gain(lesson) < 0.03
    assert told.lesson_gain(replace(lesson, gain=0.0)) < 0.002


def test_the_error_of_a_difference_is_read_from_the_verdicts() -> None:
    history = History(Ledger("sqlite://"), "run")
    assert paired_error(history) == PAIRED_ERROR
    history.add(Experiment(Plan("logistic"), 0.7, low=0.66, high=0.74), spent=0.0)
    history.judge(Verdict(1, "crowned", 1, 0.7), spent=0.0)
    assert paired_error(history) == pytest.approx(0.04 / 1.96)
    history.add(Experiment(Plan("probe"), 0.71), spent=0.0)
    history.judge(Verdict(2, "kept", 1, 0.7, 0.01, -0.01, 0.03, 0.3, 1), spent=0.0)
    assert paired_error(history) == pytest.approx(0.02 / 1.96)
