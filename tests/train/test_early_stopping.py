import pytest

from haoqi.train.loop.early_stopping import ENDED_EARLY, given_up, reachable_score

ROWS = 872


def curve(scores: list[float], every: int = 50) -> list[tuple[int, float]]:
    return [(every * number, score) for number, score in enumerate(scores, 1)]


@pytest.mark.parametrize("power", [0.1, 0.4, 0.8, 1.5])
@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_a_curve_of_errors_that_fall_as_a_power_never_ends_above_what_was_told(power: float, floor: float) -> None:
    scores = curve([1 - floor - 0.4 * number**-power for number in range(1, 13)])
    for evaluations in range(1, 13):
        assert reachable_score(scores[:evaluations], 600, ROWS) >= scores[-1][1]


def test_what_is_told_comes_down_to_the_best_score_and_its_luck() -> None:
    flat = curve([0.7] * 6)
    told = [reachable_score(flat[:evaluations], 300, ROWS) for evaluations in (3, 4, 5, 6)]
    assert told == sorted(told, reverse=True)
    assert 0.7 < told[-1] < 0.74
    assert reachable_score(flat, 300, 50) > told[-1]


def test_nothing_is_said_too_early_or_of_what_has_learnt_nothing() -> None:
    low = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert reachable_score(curve(low[:2], 100), 300, ROWS) == 1  # two evaluations
    assert reachable_score(curve(low[:4]), 500, ROWS) == 1  # before half of the steps
    assert reachable_score(curve([0.0] * 5), 300, ROWS) == 1  # entities are found late
    assert reachable_score(curve([0.4, 0.8, 1.0]), 300, ROWS) == 1
    assert reachable_score(curve(low[:3]), 300, ROWS) < 1


def test_one_that_may_still_win_goes_on_and_one_that_cannot_is_given_up_with_its_figures() -> None:
    rising, flat = curve([0.6, 0.75, 0.84]), curve([0.6, 0.62, 0.63])
    assert given_up(rising, 300, ROWS, to_beat=0.88) == ""
    said = given_up(flat, 300, ROWS, to_beat=0.88)
    assert said.key in ENDED_EARLY
    assert "150 of 300 steps" in said
    assert "0.630 so far" in said
    assert "0.880 is to be beaten" in said
    assert given_up(flat, 300, ROWS, to_beat=reachable_score(flat, 300, ROWS)) == ""
