"""The surrogate: what it believes follows what it saw, and its doubt is honest."""

import numpy as np

from haoqi.explore.beliefs.surrogate import Surrogate
from haoqi.explore.beliefs.transfer_prior import Features, PriorBelief, TransferPrior, load_prior
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import Reason

METHODS = ("logistic", "tfidf", "probe", "knn", "full", "lora")
PLANS = [
    Plan.of(method, settings=settings, share=share)
    for method in METHODS
    for settings in ({}, {"strength": 0.1}, {"strength": 10.0})
    for share in (1 / 9, 1 / 3, 1.0)
]


def score(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def seen(plan: Plan, odds: float, number: int = 1) -> Experiment:
    return Experiment(plan, score(odds), number=number)


def test_before_anything_scored_there_is_no_score_but_an_order() -> None:
    prior = TransferPrior({"probe": PriorBelief(1.0, 0.2)}, {"probe": PriorBelief(0.3, 0.1)})
    surrogate = Surrogate.of(
        prior, [Experiment(Plan("full"), None, error=Reason("failed", {"reason": "out of memory"}))]
    )
    believed, doubt = surrogate.score(Plan("probe"))
    assert believed is None
    assert doubt > 0.05
    mean = surrogate.believe([Plan("probe"), Plan("probe", share=1 / 3), Plan("logistic")]).mean
    assert mean[0] > mean[1] > mean[2]


def test_an_order_that_was_planted_is_recovered() -> None:
    rng = np.random.default_rng(0)
    skill = dict(zip(METHODS, (1.0, 1.2, 2.0, 0.6, 2.4, 1.6), strict=True))
    odds = {plan: skill[plan.method] + 0.3 * np.log(plan.share) + 0.05 * rng.standard_normal() for plan in PLANS}
    shown = [PLANS[at] for at in rng.permutation(len(PLANS))[:24]]
    surrogate = Surrogate.of(TransferPrior(), [seen(plan, odds[plan]) for plan in shown])
    rest = [plan for plan in PLANS if plan not in shown]
    believed = surrogate.believe(rest).mean
    truth = np.array([odds[plan] for plan in rest])
    assert np.corrcoef(np.argsort(np.argsort(believed)), np.argsort(np.argsort(truth)))[0, 1] > 0.9
    assert rest[int(believed.argmax())].method == "full"


def test_doubt_falls_near_what_was_seen_and_stays_elsewhere() -> None:
    prior = TransferPrior()
    shown = [seen(Plan("logistic"), 1.0), seen(Plan("probe"), 1.8, 2)]
    surrogate = Surrogate.of(prior, shown)
    joint = surrogate.believe([Plan("probe"), Plan("probe", share=1 / 3), Plan("full")])
    same, near, far = joint.deviation
    assert same < near < 0.5 * far
    assert far < surrogate.believe([Plan("lora")]).deviation[0] + 1e-6
    assert joint.covariance[0, 1] > joint.covariance[0, 2]


def test_what_two_methods_share_on_other_data_is_believed_of_this() -> None:
    case = {"features": {"rows_per_label": 100.0, "labels": 2, "tokens": 20.0}, "slopes": {}}
    leads = {"a": 0.0, "b": 1.0, "c": 2.0}
    cases = {
        name: {**case, "offsets": {"tfidf": lead, "blend": lead + 0.4, "knn": 1.0, "majority": -3 * lead}}
        for name, lead in leads.items()
    }
    prior = load_prior(Features(100.0, 2, 20.0), {"within": 0.3, "cases": cases})
    assert prior.covariance("tfidf", "blend") == prior.covariance("blend", "tfidf") > 0.2
    assert abs(prior.covariance("tfidf", "knn")) < 0.05
    assert prior.covariance("tfidf", "majority") == prior.covariance("tfidf", "logistic") == 0.0
    believed = [
        Surrogate.of(prior, [seen(Plan("logistic"), 0.0), seen(Plan("tfidf"), odds, 2)]).score(Plan("blend"))[0]
        for odds in (0.0, 2.0)
    ]
    assert (believed[1] or 0) > (believed[0] or 0) + 0.15


def test_plans_that_failed_say_nothing_of_others() -> None:
    shown = [seen(plan, 1.0 + 0.1 * at, at + 1) for at, plan in enumerate(PLANS[:5])]
    failed = Experiment(Plan("full"), None, number=6, error=Reason("failed", {"reason": "out of memory"}))
    with_it, without = (
        Surrogate.of(TransferPrior(), past).score(Plan("full", share=1 / 3)) for past in ([*shown, failed], shown)
    )
    assert with_it == without


def test_beliefs_are_calibrated_on_draws_from_the_prior() -> None:
    """Of truths that are drawn as the prior says, four fifths lie inside the 80 % interval, and half inside 50 %."""
    rng, inside, total = np.random.default_rng(1), np.zeros(2), 0
    joint = Surrogate(TransferPrior()).believe(PLANS)
    root = np.linalg.cholesky(joint.covariance + 1e-9 * np.eye(len(PLANS)))
    for _ in range(40):
        odds = np.clip(joint.mean + root @ rng.standard_normal(len(PLANS)), -4, 4)
        shown = rng.permutation(len(PLANS))[:12]
        noisy = [seen(PLANS[at], float(odds[at] + 0.1 * rng.standard_normal())) for at in shown]
        rest = [at for at in range(len(PLANS)) if at not in shown]
        believed = Surrogate.of(TransferPrior(), noisy).believe([PLANS[at] for at in rest])
        off = np.abs(odds[rest] - believed.mean) / believed.deviation
        inside += [(off < 1.2816).sum(), (off < 0.6745).sum()]
        total += len(rest)
    eighty, half = inside / total
    assert 0.72 < eighty < 0.88
    assert 0.42 < half < 0.58


def test_the_amplitude_follows_how_much_plans_differ() -> None:
    def amplitude(spread: float) -> float:
        rng = np.random.default_rng(2)
        far = {method: spread * rng.standard_normal() for method in METHODS}
        return Surrogate.of(TransferPrior(), [seen(plan, 1.0 + far[plan.method]) for plan in PLANS]).amplitude

    assert amplitude(0.1) < 1 < amplitude(1.5)


def test_an_interval_says_how_much_an_outcome_tells() -> None:
    def believed(half: float) -> float:
        sure = Experiment(Plan("logistic"), 0.7, low=0.69, high=0.71)
        shown = [sure, Experiment(Plan("probe"), 0.9, number=2, low=0.9 - half, high=min(1.0, 0.9 + half))]
        found, _ = Surrogate.of(TransferPrior(), shown).score(Plan("probe"))
        assert found is not None
        return found

    assert abs(believed(0.005) - 0.9) < 0.02
    assert believed(0.3) < believed(0.05) < believed(0.005)
