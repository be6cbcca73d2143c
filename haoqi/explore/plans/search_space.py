"""The space of plans: every method that suits the task, with its defaults and variations of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from haoqi.core.config import Choices, Range, Setting, settings_of
from haoqi.explore.plans.plan import Plan

SHARES = (1 / 9, 1 / 3, 1.0)
"""Fidelities of a costly plan, each three times the one before (Li et al., 2018, arXiv:1603.06560)."""

COSTLY = 6.0
"""Seconds on the machine that costs were measured on, above which smaller fidelities are worth having."""

SAVING = 0.75
"""A fidelity that takes more than this share of the next one's time says less for nearly the same price.

In cross-validation all texts are embedded, however few are learnt from.
"""

FEWEST = 100
"""No fidelity has fewer training examples than this."""


def list_plans(
    makers: Mapping[str, Any],
    bases: Sequence[str],
    work: Callable[[Plan], float],
    rows: int,
    *,
    variants: int,
    rng: np.random.Generator,
    applies: Callable[[Setting], bool] = lambda setting: True,
) -> list[Plan]:
    """Return the plans that a search may choose from, defaults before variations, the same for one rng.

    Args:
        makers: methods by name, each a settings dataclass with `uses_base`.
        bases: names of the bases to start from.
        work: what a plan takes, in seconds on the machine that costs were measured on.
        rows: number of training examples.
        variants: variations per method and base.
        rng: draws the variations.
        applies: whether a setting means anything for what is learnt; others are not varied.
    """
    plans: list[Plan] = []
    for name, maker in sorted(makers.items()):
        for base in bases if maker.uses_base else (None,):
            drawn = [{}, *_variations(searched_settings(maker, applies), variants, rng)]
            plans += [Plan.of(name, base, settings) for settings in drawn]
    plans.sort(key=lambda plan: bool(plan.settings))
    return [lesser for plan in plans for lesser in _fidelities(plan, work, rows)]


def _fidelities(plan: Plan, work: Callable[[Plan], float], rows: int) -> list[Plan]:
    found, least = [plan], work(plan)
    for share in reversed(SHARES[:-1]):
        lesser = replace(plan, share=share)
        if least >= COSTLY and rows * share >= FEWEST and work(lesser) <= SAVING * least:
            found, least = [lesser, *found], work(lesser)
    return found


def searched_settings(maker: Callable[..., Any], applies: Callable[[Setting], bool]) -> list[Setting]:
    """Return the settings of a method that a search varies, in order."""
    return [s for s in settings_of(maker) if s.limits is not None and s.limits.search and applies(s)]


def _variations(searched: Sequence[Setting], count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(count * 4 if searched else 0):
        drawn = {setting.name: _draw(setting, rng) for setting in searched}
        drawn = {s.name: drawn[s.name] for s in searched if drawn[s.name] != s.default}
        if drawn and drawn not in found and len(found) < count:
            found.append(drawn)
    return found


def _draw(setting: Setting, rng: np.random.Generator) -> Any:
    """Return a value of a setting, to three digits so that a person can type it."""
    limits = setting.limits
    if isinstance(limits, Choices):
        return limits.values[int(rng.integers(len(limits.values)))]
    assert isinstance(limits, Range)
    if limits.log:
        value = math.exp(rng.uniform(math.log(limits.low), math.log(limits.high)))
    else:
        value = rng.uniform(limits.low, limits.high)
    if setting.kind is int:
        return round(min(limits.high, max(limits.low, value)))
    return min(limits.high, max(limits.low, float(f"{value:.3g}")))
