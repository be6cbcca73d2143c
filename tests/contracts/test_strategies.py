"""What every strategy owes; a new file joins without an edit here."""

import ast
from random import Random

import pytest

from haoqi.explore.beliefs.acquisition import Acquisition
from haoqi.explore.beliefs.surrogate import Surrogate
from haoqi.explore.beliefs.transfer_prior import TransferPrior
from haoqi.explore.costs.throughput import Cost
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.scheduling.strategies import Strategy, strategies

PLANS = [
    Plan.of(method, base, settings, share=share)
    for method, base in (("tfidf", None), ("probe", "minilm"), ("full", "minilm"))
    for settings in ({}, {"C": 0.3}, {"C": 3.0})
    for share in (1 / 9, 1 / 3, 1.0)
]


def history(count: int) -> list[Experiment]:
    chosen = Random(1).sample(PLANS, count)
    return [Experiment(plan, score=0.5 + 0.01 * n, expected=0.4, number=n + 1) for n, plan in enumerate(chosen)]


def acquisition(past: list[Experiment], left: float | None) -> Acquisition:
    def seconds(plan: Plan) -> float:
        return 10 * plan.share

    best = max((e.score for e in past if e.score is not None), default=0.0)
    surrogate = Surrogate.of(TransferPrior(), past)
    return Acquisition(surrogate, lambda plan: Cost(seconds(plan), 0.2), seconds, left, champion_score=best)


@pytest.mark.parametrize("name", strategies.names())
@pytest.mark.parametrize("tried", [0, 2, 9])
@pytest.mark.parametrize("left", [None, 12.0])
def test_strategy_proposes_an_untried_plan_and_repeats_itself(name: str, tried: int, left: float | None) -> None:
    strategy = strategies.build(name)
    past = history(tried)
    untried = [plan for plan in PLANS if plan not in {e.plan for e in past}]
    first, again = (strategy.propose(untried, past, acquisition(past, left), Random(0)) for _ in range(2))
    assert isinstance(strategy, Strategy)
    assert first in untried
    assert first == again


@pytest.mark.parametrize("name", strategies.names())
def test_strategy_works_with_one_plan_left_and_failed_experiments(name: str) -> None:
    failed = [Experiment(plan, score=None, error=Reason("failed", {"reason": "out of memory"})) for plan in PLANS[:8]]
    assert strategies.build(name).propose(PLANS[8:9], failed, acquisition(failed, None), Random(0)) == PLANS[8]


@pytest.mark.parametrize("name", strategies.names())
def test_strategy_cites_its_source_and_says_when_to_prefer_it(name: str) -> None:
    text = ast.get_docstring(ast.parse(strategies.source(name))) or ""
    assert "Prefer" in text
    assert any(char.isdigit() for char in text)
