"""The search space: defaults first, variations within their limits, smaller shares where they save time."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Choices, Range
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.search_space import COSTLY, FEWEST, list_plans
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from tests.explore.test_cost_model import context, plan_of


def test_fewer_examples_are_offered_only_where_they_save_time() -> None:
    def shares(folds: int, method: str) -> list[float]:
        room = context(1800, 200, folds=folds)
        return [plan.share for plan in candidate_plans(room) if plan == replace(plan_of(method), share=plan.share)]

    assert shares(0, "full") == shares(5, "full") == [1 / 9, 1 / 3, 1.0]
    assert shares(5, "knn") == [1.0]  # every text is embedded anyway
    assert shares(0, "logistic") == [1.0]


@dataclass(frozen=True)
class Tuned:
    """A method with something to search."""

    uses_base: ClassVar[bool] = True

    rate: Annotated[float, Range(1e-3, 1.0, log=True)] = 0.1
    """Searched by its ratio."""
    depth: Annotated[int, Range(1, 4)] = 2
    """Searched in whole numbers."""
    kind: Annotated[str, Choices("plain", "rich")] = "plain"
    """One of two."""
    fixed: Annotated[float, Range(0.0, 1.0, search=False)] = 0.5
    """For people only."""


@dataclass(frozen=True)
class Plain:
    """A method without any settings."""

    uses_base: ClassVar[bool] = False


MAKERS = {"tuned": Tuned, "plain": Plain}


def listed(variants: int = 3, rows: int = 9000, seed: int = 0, seconds: float = 1.0) -> list[Plan]:
    return list_plans(
        MAKERS,
        ["small", "other"],
        lambda plan: seconds * plan.share,
        rows,
        variants=variants,
        rng=np.random.default_rng(seed),
    )


def test_defaults_come_first_with_every_base_where_a_method_uses_one() -> None:
    defaults = [(plan.method, plan.base) for plan in listed() if not plan.settings]
    assert defaults == [(plan.method, plan.base) for plan in listed()[:3]]
    assert defaults == [("plain", None), ("tuned", "small"), ("tuned", "other")]


def test_variations_differ_and_stay_within_what_may_be_searched() -> None:
    plans = [plan for plan in listed(variants=6) if plan.settings]
    assert len(plans) == len(set(plans)) == 12
    for plan in plans:
        varied = plan.varied
        assert varied.keys() <= {"rate", "depth", "kind"}
        assert 1e-3 <= varied.get("rate", 0.1) <= 1.0
        assert varied.get("depth", 2) in (1, 2, 3, 4)
        assert varied.get("kind", "rich") == "rich"  # the default is no variation


def test_one_seed_gives_one_space_and_another_other_variations() -> None:
    assert listed() == listed() != listed(seed=1)
    assert [plan for plan in listed(seed=1) if not plan.settings] == [plan for plan in listed() if not plan.settings]


def test_costly_plans_are_there_on_fewer_examples_as_long_as_enough_are_left() -> None:
    assert {plan.share for plan in listed(seconds=COSTLY * 9)} == {1 / 9, 1 / 3, 1.0}
    assert {plan.share for plan in listed(seconds=COSTLY)} == {1 / 3, 1.0}
    assert {plan.share for plan in listed(seconds=COSTLY * 9, rows=3 * FEWEST)} == {1 / 3, 1.0}
    assert {plan.share for plan in listed(seconds=COSTLY / 2)} == {1.0}
