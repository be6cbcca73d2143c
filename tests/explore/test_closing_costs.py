"""What comes after a search has its time: next steps a twentieth, compiling where it is a small part."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from haoqi.explore.costs.closing_costs import (
    COMPILE_SHARE,
    SMALLER_SHARE,
    advice_seconds,
    compile_kept,
    compile_seconds,
    most_advice_seconds,
)
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.costs.throughput import reference_throughput
from haoqi.explore.plans.plan import Plan
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.models.bases import Base, bases
from tests.explore.test_reflections import TFIDF, Case, drawn

MINILM = bases.build("minilm")
PROBE = Plan("probe", "minilm")


@pytest.fixture
def context(tmp_path: Path) -> SearchContext:
    rng = np.random.default_rng(0)
    return replace(
        Case(tmp_path, drawn(rng, 60), drawn(rng, 40)).context, bases={"minilm": Base("minilm", Path(), MINILM, "")}
    )


def given(context: SearchContext, minutes: float, **others: object) -> SearchContext:
    return replace(context, settings=ExploreSettings(minutes=minutes, folds=0), **others)


def test_next_steps_are_sure_of_a_twentieth_and_take_what_is_left_up_to_fifteen_seconds(context: SearchContext) -> None:
    assert [advice_seconds(given(context, minutes)) for minutes in (1.0, 3.0, 60.0)] == [3.0, 9.0, 15.0]
    one, hour = given(context, 1.0), given(context, 60.0)
    assert [most_advice_seconds(one, left) for left in (-2.0, 4.0, 40.0)] == [0.0, 4.0, 15.0]
    assert most_advice_seconds(hour, 1000.0) == 180.0
    assert most_advice_seconds(replace(hour, settings=replace(hour.settings, advice_seconds=0.0)), 1000.0) == 0.0


def test_compiling_is_kept_time_for_where_it_is_a_small_part_of_the_minutes(context: SearchContext) -> None:
    needed = compile_seconds(given(context, 1.0, compiles=True), reference_throughput(), PROBE)
    assert needed > 20.0
    enough = needed / COMPILE_SHARE / 60
    kept = [
        compile_kept(given(context, minutes, compiles=True), reference_throughput(), PROBE)
        for minutes in (1.0, 1.01 * enough)
    ]
    assert kept == [0.0, needed]
    assert compile_kept(given(context, 60.0), reference_throughput(), PROBE) == 0.0
    assert compile_kept(given(context, 60.0, compiles=True), reference_throughput(), TFIDF) == 0.0


def test_all_that_comes_after_the_test_split_is_reserved(context: SearchContext) -> None:
    def closing(there: SearchContext, plan: Plan | None) -> float:
        return CostModel.of(there, [], timed=True).closing_seconds(plan)

    short, long = given(context, 1.0, compiles=True), given(context, 60.0, compiles=True)
    assert closing(short, None) > 3.0
    assert closing(long, PROBE) - closing(long, None) > 20.0
    assert 0.0 <= closing(short, PROBE) - closing(short, None) <= SMALLER_SHARE * 60.0
    costs = CostModel.of(short, [], timed=True)
    assert costs.left_to_advise(10.0) == pytest.approx((costs.left_to_compile(10.0) or 0.0) + 3.0)
    assert costs.left_to_advise(None) is costs.left_to_compile(None) is None
