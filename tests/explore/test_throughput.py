"""Forecasts that are wrong by a factor correct themselves within a run."""

from dataclasses import replace

import pytest

from haoqi.explore.costs.throughput import MeasuredPlan, Throughput, reference_throughput
from haoqi.methods.work import Load

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
