"""What other data sets taught: like ones count for more, and nothing is known for sure."""

import pytest

from haoqi.explore.beliefs.transfer_prior import Features, TransferPrior, load_prior, log_odds
from haoqi.explore.plans.plan import Plan

SHORT = Features(rows_per_label=300, labels=2, tokens=20)


LONG = Features(rows_per_label=20, labels=150, tokens=300, unspaced=True)


def table(**offsets: float) -> dict[str, object]:
    def case(features: Features, offset: float) -> dict[str, object]:
        return {
            "features": vars(features),
            "offsets": {"probe": offset, "probe*": offset - 0.2},
            "slopes": {"probe": 0.4},
        }

    return {"within": 0.3, "cases": {"short": case(SHORT, 1.0), "long": case(LONG, -1.0)}}


def test_like_data_sets_speak_louder_and_can_be_left_out() -> None:
    like, unlike = load_prior(SHORT, table()), load_prior(SHORT, table(), without=["short"])
    assert like.mean(Plan("probe")) > 0.4
    assert -0.4 < unlike.mean(Plan("probe")) < 0
    assert like.mean(Plan.of("probe", settings={"strength": 3.0})) < like.mean(Plan("probe"))
    assert like.mean(Plan("probe", share=1 / 9)) < like.mean(Plan("probe", share=1 / 3)) < like.mean(Plan("probe"))
    assert like.within == 0.3


def test_an_empty_table_knows_nothing_and_doubts_widely() -> None:
    prior = load_prior(SHORT, {"within": 0.25, "cases": {}})
    assert prior.mean(Plan("probe")) == prior.mean(Plan("full")) == 0.0
    assert prior.doubt(Plan("probe")) > 0.5
    assert prior == TransferPrior()


def test_the_shipped_table_is_read() -> None:
    prior = load_prior(SHORT)
    assert prior.doubt(Plan("probe")) > 0.05
    assert prior.within > 0.01


def test_a_recipe_is_believed_to_do_what_it_did_elsewhere() -> None:
    plan = Plan("probe").with_recipe("balance")
    known = {"within": 0.3, "cases": {"short": {"features": vars(SHORT), "offsets": {"+balance": 0.3}, "slopes": {}}}}
    assert load_prior(SHORT, known).mean(plan) == pytest.approx(
        load_prior(SHORT, known).mean(Plan("probe")) + 0.2, abs=0.02
    )
    assert log_odds(0.5) == 0.0


def test_likeness_is_mutual_whole_for_itself_and_never_nothing() -> None:
    assert SHORT.likeness(SHORT) == 1.0
    assert SHORT.likeness(LONG) == LONG.likeness(SHORT) > 0.0
    near = Features(rows_per_label=250, labels=2, tokens=22)
    assert SHORT.likeness(LONG) < SHORT.likeness(near) < 1.0


def test_only_a_method_that_was_above_another_leads_it() -> None:
    prior = load_prior(SHORT, table())  # the baseline is at 0 nowhere, so that probe leads nothing that is named
    assert prior.lead(Plan("probe"), Plan("probe")) is None
    cases = {"short": {"features": vars(SHORT), "offsets": {"probe": 1.0, "knn": 0.2}, "slopes": {}}}
    known = load_prior(SHORT, {"within": 0.3, "cases": cases})
    lead = known.lead(Plan("probe"), Plan("knn"))
    assert lead is not None and 0.3 < lead.mean < 0.8 and lead.doubt > 0
    assert known.lead(Plan("knn"), Plan("probe")) is None


def test_log_odds_are_bounded_and_turn_at_a_half() -> None:
    assert log_odds(0.2) == pytest.approx(-log_odds(0.8))
    assert log_odds(1.0) == log_odds(0.999) == pytest.approx(-log_odds(0.0))
