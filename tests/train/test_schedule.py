import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.train.loop.schedule import Clock, rate
from haoqi.train.schedules import SCHEDULES


@given(st.floats(0, 1), st.floats(0, 0.9), st.sampled_from(sorted(SCHEDULES)))
def test_the_rate_is_a_share_of_the_largest(share: float, warmup: float, schedule: str) -> None:
    assert 0 <= rate(share, warmup, schedule) <= 1


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_the_rate_rises_then_falls_to_nothing(schedule: str) -> None:
    rates = [rate(step / 100, 0.1, schedule) for step in range(101)]
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert (rates[0], rates[10]) == (0, 1)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_an_inverse_square_root_is_that_of_the_share_that_is_behind() -> None:
    assert [rate(share, 0.1, "inverse_sqrt") for share in (0.05, 0.1, 0.4, 0.9)] == pytest.approx([0.5, 1, 0.5, 1 / 3])
    assert rate(0.0, 0.0, "inverse_sqrt") == 1
    assert rate(0.04, 0.0, "inverse_sqrt") == pytest.approx(0.5)  # as if it had had a hundredth of warm-up


def test_a_cosine_is_half_way_in_the_middle() -> None:
    found = [rate(share, 0.2, "cosine") for share in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert found == pytest.approx([0.5, 1, 0.853553, 0.5, 0.146447, 0], abs=1e-6)


def test_a_constant_rate_stays() -> None:
    assert rate(1.0, 0.1, "constant") == 1


def test_the_clock_counts_what_was_spent_before_but_not_against_the_limit() -> None:
    ticks = iter([100.0, 105.0, 105.0])
    clock = Clock(20.0, spent_seconds=10.0, now=lambda: next(ticks))
    assert clock.elapsed() == 15
    assert clock.share(reserved_seconds=5.0) == pytest.approx(15 / 25)


def test_without_a_limit_no_time_passes() -> None:
    assert Clock(None).share(0.0) == 0


def test_when_the_reserve_is_all_there_is_the_time_is_over() -> None:
    assert Clock(2.0, now=lambda: 0.0).share(3.0) == 1
