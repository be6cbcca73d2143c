"""Forecasts that are wrong by a factor correct themselves within a run."""

import math
from dataclasses import replace

import pytest

from haoqi.explore.costs import throughput
from haoqi.explore.costs.throughput import Cost, MeasuredPlan, Throughput, estimate_throughput, reference_throughput
from haoqi.methods.method import methods
from haoqi.methods.work import KINDS, Load
from tests.explore.test_cost_model import MACHINE

TRAINING = Load(plans=1, training=2000)


def seen(factor: float, times: int, base: str = "minilm") -> list[MeasuredPlan]:
    usual = reference_throughput().cost(TRAINING, "lora").seconds
    return [MeasuredPlan("lora", TRAINING, factor * usual, base) for _ in range(times)]


@pytest.mark.parametrize("factor", [0.5, 2.0, 4.0])
def test_a_forecast_wrong_by_a_factor_is_put_right_by_two_experiments(factor: float) -> None:
    wanted = factor * reference_throughput().cost(TRAINING, "lora").seconds
    found = reference_throughput().learnt(seen(factor, 2)).cost(TRAINING, "lora", "minilm").seconds
    assert found == pytest.approx(wanted, rel=0.3)


def test_a_machine_that_becomes_busy_is_believed_and_one_busy_moment_is_not() -> None:
    usual = reference_throughput().cost(TRAINING, "lora").seconds

    def after(*factors: float) -> float:
        told = [one for factor in factors for one in seen(factor, 1)]
        return reference_throughput().learnt(told).cost(TRAINING, "lora", "minilm").seconds / usual

    assert after(1.0, 1.0, 1.0, 3.0, 3.0, 3.0) > 2.2
    assert after(3.0, 1.0, 1.0, 1.0, 1.0) < 1.35


def test_what_is_beyond_noise_is_held_against_one_method_on_one_base() -> None:
    told = [*seen(1.0, 4, "other"), *seen(5.0, 3)]
    found = reference_throughput().learnt(told)
    assert found.cost(TRAINING, "lora", "minilm").seconds > 1.5 * found.cost(TRAINING, "lora", "other").seconds


def test_text_work_is_paced_by_the_machine() -> None:
    slower = reference_throughput().scaled(1.0, 3.0)
    assert slower.paced(2.0) == pytest.approx(6.0)
    assert reference_throughput().paced(2.0) == pytest.approx(2.0)
    busy = reference_throughput().learnt([replace(one, seconds=2 * one.seconds) for one in seen(1.0, 3)])
    assert busy.paced(2.0) > 2.2


def test_on_an_unsteady_machine_more_is_kept_for_what_comes() -> None:
    steady, unsteady = (
        reference_throughput().learnt([one for factor in factors for one in seen(factor, 1)])
        for factors in ((1.0, 1.0, 1.0, 1.0, 1.0), (1.0, 3.0, 0.9, 3.2, 1.1))
    )

    def margin(rates: Throughput) -> float:
        found = rates.cost(TRAINING, "lora", "minilm")
        return found.at_most() / found.seconds

    assert margin(steady) < 1.3
    assert margin(unsteady) > 1.1 * margin(steady)
    assert steady.noise == reference_throughput().noise


def test_one_plan_alone_which_may_have_read_its_base_from_a_cold_disk_is_held_against_no_method() -> None:
    def correction(times: int) -> float:
        return reference_throughput().learnt([*seen(1.0, 4, "other"), *seen(5.0, times)]).corrections["lora", "minilm"]

    assert correction(1) == 1.0
    assert correction(2) > 1.2


def test_a_faster_machine_is_believed_to_be_faster() -> None:
    slow, matrix = estimate_throughput(MACHINE), estimate_throughput(replace(MACHINE, fp32_gflops=400.0))
    text, halves = (
        estimate_throughput(replace(MACHINE, text_speed=20.0)),
        estimate_throughput(replace(MACHINE, bf16_gflops=1600.0)),
    )
    training, counting = Load(training=1000.0), Load(ngrams=100.0)
    assert matrix.cost(training, "full").seconds == pytest.approx(slow.cost(training, "full").seconds / 4)
    assert halves.cost(training, "full").seconds == pytest.approx(slow.cost(training, "full").seconds / 2)
    assert text.cost(counting, "tfidf").seconds == pytest.approx(slow.cost(counting, "tfidf").seconds / 2)
    assert matrix.cost(counting, "tfidf") == slow.cost(counting, "tfidf")
    assert estimate_throughput(replace(MACHINE, text_speed=0.0)).cost(counting, "x").seconds > 0


def test_rates_learn_what_made_the_times() -> None:
    true = reference_throughput().scaled(2.0, 0.7)
    loads = [Load(plans=1, ngrams=n, sparse=m, training=t) for n in (1, 9) for m in (1, 20) for t in (0, 300, 2000)]
    seen = [MeasuredPlan("tfidf", load, true.cost(load, "tfidf").seconds) for load in loads]
    found = reference_throughput().learnt(seen)
    for load in (Load(plans=1, ngrams=4), Load(plans=1, sparse=8), Load(plans=1, training=900)):
        wanted, doubt = true.cost(load, "tfidf").seconds, reference_throughput().cost(load, "tfidf").spread
        assert found.cost(load, "tfidf").seconds == pytest.approx(wanted, rel=0.15)
        assert found.cost(load, "tfidf").spread < doubt


def test_a_method_that_nobody_has_measured_has_a_cost_in_doubt() -> None:
    load = Load(plans=1, fits=1, ngrams=5)
    assert (
        reference_throughput().cost(load, "from another package").spread
        >= reference_throughput().cost(load, "tfidf").spread - 1e-9
    )
    assert reference_throughput().cost(load, "from another package").seconds > 0


def test_a_clock_that_ends_a_plan_bounds_its_cost() -> None:
    cost = Cost(10.0, 0.3)
    assert cost.within(None) == cost
    assert cost.within(4.0).seconds == 4.0
    assert cost.within(40.0) == cost
    assert cost.at_most() == pytest.approx(10 * math.exp(0.3))


def test_the_table_has_a_rate_for_every_kind_of_work() -> None:
    plain = throughput._table()
    assert set(plain["kinds"]) == set(KINDS)
    assert all(rate > 0 and doubt > 0 for rate, doubt in (*plain["kinds"].values(), *plain["methods"].values()))
    assert set(plain["methods"]) <= set(methods.names())
    again = Throughput.from_plain(reference_throughput().to_plain())
    load = Load(plans=1, ngrams=3, training=50)
    assert again.cost(load, "full").seconds == pytest.approx(
        reference_throughput().cost(load, "full").seconds, rel=1e-3
    )
