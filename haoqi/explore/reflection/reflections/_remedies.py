"""From a finding to a lesson: plans that change one thing of the champion's, and what they may be worth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from haoqi.core.config import Range, Setting, settings_of
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.claims import claim
from haoqi.explore.record.lessons import Lesson, clipped
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.methods.method import methods

REPAIRED = 0.2
"""Of the errors that a finding explains, a plan that answers it may win back this share: a guess, and told as one."""

MOST_PLANS = 3


def varied(seen: ChampionDiagnostics, **settings: Any) -> list[Plan]:
    """Return the champion's plan with other settings, where its method has them all and they are not so already."""
    known = {one.name: one for one in _settings(seen)}
    if not settings.keys() <= known.keys():
        return []
    if any((limits := known[name].limits) is not None and limits.check(settings[name]) for name in settings):
        return []
    changed = {name: value for name, value in settings.items() if getattr(seen.settings, name) != value}
    if not changed:
        return []
    merged = {**seen.plan.varied, **changed}
    merged = {name: value for name, value in merged.items() if value != known[name].default}
    return [replace(seen.plan, settings=tuple(sorted(merged.items())), seed=0)]


def reading_on(seen: ChampionDiagnostics) -> list[Plan]:
    """Return the champion's plan with more of each text read, where there is more in some of them."""
    most = getattr(seen.settings, "max_tokens", None)
    if most is None or max(seen.context.lengths.of(seen.plan.base)) <= most:
        return []
    return varied(seen, max_tokens=512)


def scaled(seen: ChampionDiagnostics, name: str, factor: float) -> list[Plan]:
    """Return the champion's plan with a number multiplied, kept within its limits."""
    value = getattr(seen.settings, name, None)
    limits = next((one.limits for one in _settings(seen) if one.name == name), None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(limits, Range):
        return []
    wanted = min(limits.high, max(limits.low, value * factor))
    return varied(seen, **{name: round(wanted) if isinstance(value, int) else float(f"{wanted:.3g}")})


def _settings(seen: ChampionDiagnostics) -> tuple[Setting, ...]:
    """Return the settings that the champion's method has."""
    return settings_of(methods.get(seen.plan.method))


def recipe(seen: ChampionDiagnostics, name: str, **settings: Any) -> list[Plan]:
    """Return the champion's plan with one more step in its data recipe, where there is such a step."""
    from haoqi.data.recipes import recipes

    if name in dict(seen.plan.recipe) or name not in recipes.names():
        return []
    made = recipes.build(name, **settings)
    if not made.accepts.takes(seen.task.output.kind, pairs=seen.task.pairs) or (
        "unlabelled" in made.needs and seen.splits.unlabelled is None
    ):
        return []
    return [replace(seen.plan, seed=0).with_recipe(name, **settings)]


def instead(seen: ChampionDiagnostics, method: str, **settings: Any) -> list[Plan]:
    """Return a plan of another method on the champion's base, or the run's first, where the method may be tried."""
    maker = seen.context.makers.get(method)
    if maker is None or method == seen.plan.method:
        return []
    base = (seen.plan.base or next(iter(seen.context.bases), None)) if maker.uses_base else None
    return [Plan.of(method, base, settings)]


def in_turn(*groups: Sequence[Plan]) -> tuple[Plan, ...]:
    """Return at most three different plans, one of each group in turn: tests should differ in what they change."""
    found: list[Plan] = []
    for place in range(max(map(len, groups), default=0)):
        found += [group[place] for group in groups if place < len(group) and group[place] not in found]
    return tuple(found[:MOST_PLANS])


def raised(
    seen: ChampionDiagnostics,
    kind: str,
    plans: Sequence[Plan],
    evidence: Mapping[str, Any],
    *,
    explains: float,
    examples: Sequence[tuple[int, str]] = (),
    **rest: Any,
) -> list[Lesson]:
    """Return the lesson of a finding, or none where no plan could test it.

    Args:
        seen: what was looked at.
        kind: the reflection's name; its sentence is `lesson.` and that, in the texts beside it or of its class.
        plans: what would test it.
        evidence: the numbers that fill the sentence's gaps.
        explains: share of the errors left, in the lesson's measure, that the finding may account for. The seldomer
            remedies of this kind have helped so far, see `proven`, the less is promised, and the fewer are tried.
        examples: (row, text) of some that show it.
        rest: other fields of `Lesson`: subject, measure, words, claim; `gain` where it is known better.
    """
    if not plans:
        return []
    believed = seen.proven(kind)
    gain = rest.pop("gain", REPAIRED * min(1.0, max(0.0, explains)) * (1.0 - seen.score))
    said = rest.pop("claim", None) or claim(kind, evidence)
    return [
        Lesson(
            kind=kind,
            claim=said,
            parent=replace(seen.plan, seed=0),
            plans=tuple(plans)[: math.ceil(MOST_PLANS * believed)],
            gain=believed * gain,
            doubt=believed * gain,
            evidence=evidence,
            examples=clipped(examples),
            **rest,
        )
    ]


def shown(seen: ChampionDiagnostics, rows: Sequence[int]) -> list[tuple[int, str]]:
    """Return (row in the source, text) of some judged examples."""
    return [(seen.judged.ids[row], seen.judged.texts[row]) for row in rows]
