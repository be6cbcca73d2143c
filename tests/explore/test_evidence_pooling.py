"""What other data sets know counts for what it is worth, and is right as often as it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.evaluate.comparison import Comparison
from haoqi.explore.beliefs.evidence_pooling import (
    cross_dataset_lead,
    known_lead,
    least_lead,
    no_lead,
    probability_better,
)
from haoqi.explore.beliefs.transfer_prior import Features, PriorBelief, TransferPrior, load_prior
from haoqi.explore.plans.plan import ENSEMBLE, Plan
from tests.explore.test_training_data_recipes import context_of, reviews

SHORT = Features(80.0, 2, 12.0)


def table(*leads: float) -> dict[str, object]:
    cases = {
        f"case {place}": {"features": vars(SHORT), "offsets": {"knn": 0.3, "probe": 0.3 + lead}, "slopes": {}}
        for place, lead in enumerate(leads)
    }
    return {"within": 0.3, "cases": cases}


def seen(difference: float, error: float) -> Comparison:
    return Comparison(difference, difference - 1.96 * error, difference + 1.96 * error, 0.5)


def test_a_method_that_led_everywhere_leads_and_one_that_did_so_by_turns_is_doubted() -> None:
    probe, knn = Plan("probe"), Plan("knn")
    often, turns = load_prior(SHORT, table(0.4, 0.5, 0.3, 0.4)), load_prior(SHORT, table(0.4, -0.3, 0.5, -0.4))
    lead, doubted = often.lead(probe, knn), turns.lead(probe, knn)
    assert lead is not None and doubted is not None
    assert 0.3 < lead.mean < 0.4 and lead.doubt < doubted.doubt
    assert often.lead(knn, probe) is None
    assert often.lead(probe, Plan("full")) is None


def test_many_examples_outweigh_what_is_known_elsewhere_and_few_do_not() -> None:
    lead = PriorBelief(0.4, 0.2)
    assert probability_better(seen(0.01, 0.1), lead, 0.8) > 0.95
    assert probability_better(seen(0.01, 0.1), PriorBelief(0.4, 5.0), 0.8) == pytest.approx(0.54, abs=0.02)
    assert probability_better(seen(-0.02, 0.002), lead, 0.8) < 0.01


def test_the_least_lead_is_the_one_that_is_just_believed() -> None:
    for lead in (PriorBelief(0.05, 0.2), PriorBelief(0.2, 0.3), PriorBelief(0.01, 3.0)):
        least = least_lead(lead, 0.02, 0.8, 0.95)
        assert least > 0
        assert probability_better(seen(least, 0.02), lead, 0.8) == pytest.approx(0.95, abs=1e-4)
    assert least_lead(PriorBelief(0.5, 0.1), 0.02, 0.8, 0.95) == 0.0


def test_of_those_it_is_so_sure_of_no_more_are_worse_than_it_says() -> None:
    rng = np.random.default_rng(0)
    lead, level, error = PriorBelief(0.15, 0.3), 0.8, 0.018
    truths = level * (1 - level) * rng.normal(lead.mean, lead.doubt, 4000)
    looks = truths + rng.normal(0.0, error, 4000)
    chances = np.array([probability_better(seen(look, error), lead, level) for look in looks])
    crowned = (looks > 0) & (chances >= 0.9)
    assert crowned.sum() > 500
    assert (truths[crowned] <= 0).mean() <= 0.1
    assert (truths > 0).mean() == pytest.approx(chances.mean(), abs=0.02)


def test_a_variation_is_known_elsewhere_by_what_variations_of_its_method_were_and_doubted_more() -> None:
    cases = table(0.4, 0.5, 0.3, 0.4)
    for case in cases["cases"].values():  # type: ignore[attr-defined]
        case["offsets"]["knn*"] = 0.1
    known, probe, varied = load_prior(SHORT, cases), Plan("probe"), Plan.of("knn", settings={"neighbours": 4})
    usual, lead = known_lead(known, probe, Plan("knn")), known_lead(known, probe, varied)
    assert usual is not None and lead is not None
    assert lead.mean == pytest.approx(usual.mean + 0.2, abs=0.05)
    assert lead.doubt == pytest.approx(np.hypot(usual.doubt, 0.3))
    assert known_lead(load_prior(SHORT, table(0.4)), probe, varied) is None  # nobody varied it
    assert known_lead(known, varied, Plan("logistic")) is None
    assert known_lead(known, Plan.of("probe", settings={"strength": 3.0}), varied) is None


def test_only_methods_at_their_defaults_are_known_to_lead_and_only_where_it_is_asked(tmp_path: Path) -> None:
    train, _ = reviews(200)
    context = context_of(tmp_path, train, train.take([0, 1]))
    lead = cross_dataset_lead(context)
    blend, habit = Plan("blend"), Plan("logistic")
    assert (known := lead(blend, habit)) is not None
    assert known.mean > 0
    assert lead(blend.with_recipe("balance"), habit) == known
    for other in (Plan("blend"), Plan("logistic", share=1 / 3), Plan.of("blend", settings={"words": 3.0})):
        assert lead(blend, other) is None
    assert lead(Plan.of("blend", settings={"words": 3.0}), habit) is None
    assert lead(Plan(ENSEMBLE), habit) is None
    assert cross_dataset_lead(replace(context, settings=replace(context.settings, borrow=False))) is no_lead


def test_an_ensemble_is_known_elsewhere_to_lead_its_members_and_nothing_else() -> None:
    members = (Plan("probe"), Plan.of("knn", settings={"neighbours": 4}))
    ensemble = Plan.of(ENSEMBLE, None, {"weights": (0.6, 0.4)}, made_of=members)
    brought = PriorBelief(0.07, 0.1)
    known = TransferPrior(together=brought)
    assert [known_lead(known, ensemble, one) for one in members] == [brought, brought]
    assert known_lead(known, ensemble, Plan("blend")) is None
    assert known_lead(known, members[0], ensemble) is None
    for nothing in (TransferPrior(), TransferPrior(together=PriorBelief(-0.01, 0.1))):
        assert known_lead(nothing, ensemble, members[0]) is None


def test_an_ensemble_that_a_training_joined_is_known_elsewhere_to_lead_the_one_before() -> None:
    known = TransferPrior(together=PriorBelief(0.07, 0.1), wider=(more := PriorBelief(0.04, 0.08)))

    def ensemble(**weights: float) -> Plan:
        plans = tuple(Plan(name) for name in weights)
        return Plan.of(ENSEMBLE, None, {"weights": tuple(weights.values())}, made_of=plans)

    before = ensemble(probe=0.6, knn=0.4, tfidf=0.0)
    assert known_lead(known, ensemble(probe=0.4, lora=0.4, knn=0.2), before) == more
    assert known_lead(known, ensemble(probe=0.4, lora=0.6, knn=0.0), before) == more  # it had knn to choose from
    for other in (
        ensemble(probe=0.5, knn=0.5, lora=0.0),  # nobody joined
        ensemble(probe=0.5, knn=0.3, tfidf=0.2),  # who was there already
        ensemble(probe=0.5, knn=0.3, majority=0.2),  # who does not train
        ensemble(probe=0.4, lora=0.6),  # without a member
    ):
        assert known_lead(known, other, before) is None
    assert known_lead(known, before, ensemble(probe=0.4, lora=0.4, knn=0.2)) is None
    assert (
        known_lead(TransferPrior(wider=PriorBelief(-0.01, 0.1)), ensemble(probe=0.4, lora=0.4, knn=0.2), before) is None
    )
