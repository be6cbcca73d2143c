"""Scores of any metric on the scale on which beliefs are normal."""

import math

import numpy as np
import pytest

from haoqi.evaluate.metric import Metric
from haoqi.explore.beliefs.merit_scale import SHARES, MeritScale
from haoqi.explore.beliefs.surrogate import Surrogate
from haoqi.explore.beliefs.transfer_prior import TransferPrior, log_odds
from haoqi.explore.plans.plan import Experiment, Plan


def error(most: float = math.inf) -> MeritScale:
    return MeritScale(Metric("error", lambda *_: None, lambda sums: sums, greater_is_better=False, most=most))  # type: ignore[arg-type, return-value]


def test_of_shares_the_log_odds_are_those_of_the_score() -> None:
    accuracy = MeritScale(Metric("accuracy", lambda *_: None, lambda sums: sums))  # type: ignore[arg-type, return-value]
    for scale in (SHARES, accuracy):
        assert [scale.odds(score) for score in (0.0, 0.3, 1.0)] == [log_odds(score) for score in (0.0, 0.3, 1.0)]
        assert scale.merits(np.array([0.0, log_odds(0.9)])) == pytest.approx([0.5, 0.9])
        assert scale.no_champion == 0.0


@pytest.mark.parametrize("scale", [error(), error(50.0)], ids=["unbounded", "bounded"])
def test_merits_of_an_error_come_back_and_a_smaller_error_has_higher_odds(scale: MeritScale) -> None:
    merits = np.array([-40.0, -7.0, -0.5, -0.01])
    odds = np.array([scale.odds(merit) for merit in merits])
    assert (np.diff(odds) > 0).all()
    assert scale.merits(odds) == pytest.approx(merits, rel=1e-6)
    assert scale.no_champion < 0


def test_the_unit_of_an_unbounded_error_only_shifts_its_log_odds() -> None:
    steps = [error().odds(-2.0 * unit) - error().odds(-3.0 * unit) for unit in (1.0, 1000.0)]
    assert steps == pytest.approx([math.log(1.5)] * 2)


def test_a_surrogate_believes_in_the_metrics_own_merits() -> None:
    seen = [Experiment(Plan("majority"), -12.0), Experiment(Plan("tfidf"), -9.0)]
    believed, doubt = Surrogate.of(TransferPrior(), seen, error()).score(Plan("logistic"))
    assert believed is not None and -14.0 < believed < -5.0
    assert 0.0 < doubt < 12.0
