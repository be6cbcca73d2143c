"""Charts put numbers where they belong: inside the box, in order, and labels beside each other."""

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.knowledge_curve import CurvePoint
from haoqi.report.charts import Mark, interval, number
from haoqi.report.knowledge import FLOOR, TOP, chart, crownings, height_of
from haoqi.report.scale import Scale, knowledge_scale, time_scale, zoomed

finite = st.floats(-1e6, 1e6, allow_nan=False)
scores = st.floats(0, 1, allow_nan=False)
seconds = st.floats(0, 1e5, allow_nan=False)


def scales(low: float, high: float) -> list[Scale]:
    """Return a scale of every form between two bounds, where there is one."""
    found = [Scale(low, high)]
    if low > 0:
        found.append(Scale(low, high, "log"))
    if low >= -1 and high < 1:
        found.append(Scale(low, high, "error"))
    return found


@given(bounds=st.tuples(st.floats(0.001, 0.9), st.floats(0.001, 0.9)), values=st.lists(finite, min_size=2))
def test_places_lie_in_the_box_and_keep_the_order(bounds: tuple[float, float], values: list[float]) -> None:
    low, high = min(bounds), max(bounds) + 0.05
    for scale in scales(low, high):
        places = [scale.place(value) for value in sorted(values)]
        assert all(0 <= place <= 1 for place in places)
        assert places == sorted(places)
        assert scale.place(low) == pytest.approx(0, abs=1e-9)
        assert scale.place(high) == pytest.approx(1)


@given(low=finite, span=st.floats(1e-3, 1e6), most=st.integers(2, 9))
def test_ticks_are_few_and_on_the_scale(low: float, span: float, most: int) -> None:
    scale = Scale(low, low + span)
    ticks = scale.ticks(most)
    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    slack = 1e-6 * (span + abs(low))
    assert all(low - slack <= tick <= low + span + slack for tick in ticks)


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0)])
def test_a_scale_needs_two_ends(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="no scale"):
        Scale(*bounds)


@given(st.lists(scores, min_size=1))
def test_every_champion_lies_between_top_and_floor(found: list[float]) -> None:
    scale = knowledge_scale(found)
    heights = [height_of(one, scale) for one in sorted(found)]
    assert all(TOP <= height <= FLOOR for height in heights)
    assert heights == sorted(heights, reverse=True)


@given(st.lists(seconds, min_size=1))
def test_time_runs_to_the_right(spent: list[float]) -> None:
    scale = time_scale(spent)
    places = [scale.place(one) for one in sorted(spent)]
    assert places == sorted(places)
    assert len(scale.ticks(5)) <= 5


@given(st.lists(st.tuples(scores, scores, scores).map(lambda found: tuple(sorted(found))), min_size=1))
def test_the_best_of_a_leaderboard_is_always_on_its_scale(found: list[tuple[float, float, float]]) -> None:
    best = max(found, key=lambda one: one[1])
    scale = zoomed(found)
    assert scale.low < best[1] < scale.high


def test_a_score_is_drawn_where_its_scale_says() -> None:
    drawn = interval(Mark(0.75, 0.7, 0.8), Scale(0.5, 1.0), reference=0.9)
    assert 'cx="50%"' in drawn
    assert 'x1="40%"' in drawn and 'x2="60%"' in drawn
    assert 'x1="80%"' in drawn


def test_a_score_left_of_the_scale_becomes_an_arrow() -> None:
    drawn = interval(Mark(0.1, 0.05, 0.15), Scale(0.5, 1.0))
    assert 'class="beyond"' in drawn
    assert "circle" not in drawn


def test_ticks_share_their_digits() -> None:
    assert [number(tick, [0.5, 0.95, 1.0]) for tick in (0.5, 0.95, 1.0)] == ["0.50", "0.95", "1.00"]
    assert number(-0.5, [-0.5]) == "−0.5"


def point(step: int, spent: float, score: float | None, role: str = "explore", **facts: Any) -> CurvePoint:
    shared = {"gain": 0.0, "plan": "", "champion": None, "alpha": 0.0, "beta": 1.0}
    return CurvePoint(step, spent, score, role=role, **{**shared, **facts})


def steps_of(found: list[tuple[float, float]]) -> list[CurvePoint]:
    """Return a run in which every (seconds, gain) is a new champion."""
    steps, spent, score = [], 0.0, 0.0
    for place, (took, gain) in enumerate(found, 1):
        spent, score = spent + took, score + (1 - score) * gain
        steps.append(point(place, spent, score, plan=f"tfidf, words {place}", champion=place))
    return steps


@given(st.lists(st.tuples(st.floats(0.1, 100), st.floats(0.01, 0.6)), min_size=1, max_size=25))
def test_labels_of_the_curve_never_overlap(found: list[tuple[float, float]]) -> None:
    drawn = chart(steps_of(found), [])
    assert drawn is not None
    layer = drawn[drawn.index('class="narrow"') : drawn.index('class="wide"')]
    texts = re.findall(
        r'<text class="label" x="([\d.]+)%" y="([\d.]+)" dx="(-?[\d.]+)" text-anchor="(\w+)">([^<]+)<', layer
    )
    boxes = []
    for x, y, shift, anchor, text in texts:
        wide = 0.56 * 12 * len(text)
        left = float(x) * 2.6 + float(shift) - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        boxes.append((left, float(y) - 10, left + wide, float(y)))
    assert texts
    for place, one in enumerate(boxes):
        for other in boxes[:place]:
            assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]


def test_a_champion_crowned_by_a_later_seed_keeps_its_first_name() -> None:
    steps = [
        point(1, 1.0, 0.5, plan="tfidf", champion=1),
        point(2, 2.0, 0.5, plan="probe of minilm", champion=1),
        point(3, 3.0, 0.6, role="verify", plan="probe of minilm, seed 1", champion=2),
    ]
    assert [(one.number, one.seconds, one.words) for one in crownings(steps)] == [
        (1, 1.0, "tfidf"),
        (2, 3.0, "probe of minilm"),
    ]


def test_a_failed_experiment_is_marked_below_the_curve() -> None:
    steps = [point(1, 1.0, 0.5, plan="tfidf", champion=1), point(2, 2.0, 0.5, plan="lora", champion=1)]
    rows = [
        Experiment(Plan("tfidf"), 0.5, number=1),
        Experiment(Plan("lora"), None, number=2, error=Reason("failed", {"reason": "no memory"})),
    ]
    drawn = chart(steps, rows)
    assert drawn is not None
    assert drawn.count("×") == 1


def test_without_a_score_there_is_no_curve() -> None:
    assert chart([point(1, 1.0, None)], []) is None
