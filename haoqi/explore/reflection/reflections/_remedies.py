"""From a finding to a lesson: plans that change one thing of the champion's, and what they may be worth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from haoqi.core.config import Range, Setting, settings_of
from haoqi.data.answers import setting_applies
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.claims import claim
from haoqi.explore.record.lessons import Lesson, clipped
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.methods.method import methods

REPAIRED = 0.2
"""Of the errors that a finding explains, a plan that answers it may win back this share: a guess, and told as one."""

MOST_PLANS = 3


def varied(diagnostics: ChampionDiagnostics, **settings: Any) -> list[Plan]:
    """Return the champion's plan with other settings, where its method has them all and they are not so already.

    A setting that means nothing for the task's answers counts as one that it lacks.
    """
    known = {one.name: one for one in _settings(diagnostics)}
    if not settings.keys() <= known.keys():
        return []
    if any((limits := known[name].limits) is not None and limits.check(settings[name]) for name in settings):
        return []
    changed = {name: value for name, value in settings.items() if getattr(diagnostics.settings, name) != value}
    if not changed:
        return []
    merged = {**diagnostics.plan.varied, **changed}
    merged = {name: value for name, value in merged.items() if name in known and value != known[name].default}
    return [replace(diagnostics.plan, settings=tuple(sorted(merged.items())), seed=0)]


def reading_on(diagnostics: ChampionDiagnostics) -> list[Plan]:
    """Return the champion's plan with more of each text read, where there is more in some of them."""
    most = getattr(diagnostics.settings, "max_tokens", None)
    if most is None or max(diagnostics.context.lengths.of(diagnostics.plan.base)) <= most:
        return []
    return varied(diagnostics, max_tokens=512)


def scaled(diagnostics: ChampionDiagnostics, name: str, factor: float) -> list[Plan]:
    """Return the champion's plan with a number multiplied, kept within its limits."""
    value = getattr(diagnostics.settings, name, None)
    limits = next((one.limits for one in _settings(diagnostics) if one.name == name), None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(limits, Range):
        return []
    wanted = min(limits.high, max(limits.low, value * factor))
    return varied(diagnostics, **{name: round(wanted) if isinstance(value, int) else float(f"{wanted:.3g}")})


def _settings(diagnostics: ChampionDiagnostics) -> tuple[Setting, ...]:
    """Return the settings that the champion's method has and that mean something for the task's answers."""
    kind, pairs = diagnostics.task.output.kind, diagnostics.task.pairs
    found = settings_of(methods.get(diagnostics.plan.method))
    return tuple(one for one in found if setting_applies(one, kind, pairs=pairs))


def recipe(diagnostics: ChampionDiagnostics, name: str, **settings: Any) -> list[Plan]:
    """Return the champion's plan with one more step in its data recipe, where there is such a step."""
    from haoqi.data.recipes import recipes

    if name in dict(diagnostics.plan.recipe) or name not in recipes.names():
        return []
    made = recipes.build(name, **settings)
    if not made.accepts.takes(diagnostics.task.output.kind, pairs=diagnostics.task.pairs) or (
        "unlabelled" in made.needs and diagnostics.splits.unlabelled is None
    ):
        return []
    return [replace(diagnostics.plan, seed=0).with_recipe(name, **settings)]


def instead(diagnostics: ChampionDiagnostics, method: str, **settings: Any) -> list[Plan]:
    """Return a plan of another method on the champion's base, or the run's first, where the method may be tried."""
    maker = diagnostics.context.makers.get(method)
    if maker is None or method == diagnostics.plan.method:
        return []
    base = (diagnostics.plan.base or next(iter(diagnostics.context.bases), None)) if maker.uses_base else None
    return [Plan.of(method, base, settings)]


def in_turn(*groups: Sequence[Plan]) -> tuple[Plan, ...]:
    """Return at most three different plans, one of each group in turn: tests should differ in what they change."""
    found: list[Plan] = []
    for place in range(max(map(len, groups), default=0)):
        found += [group[place] for group in groups if place < len(group) and group[place] not in found]
    return tuple(found[:MOST_PLANS])


def raised(
    diagnostics: ChampionDiagnostics,
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
        diagnostics: of the champion.
        kind: the reflection's name; its sentence is `lesson.` and that, in the texts beside it or of its class.
        plans: what would test it.
        evidence: the numbers that fill the sentence's gaps.
        explains: share of the errors left, in the lesson's measure, that the finding may account for. The seldomer
            remedies of this kind have helped so far, see `success_rate`, the less is promised, and the fewer are tried.
        examples: (row, text) of some that show it.
        rest: other fields of `Lesson`: subject, measure, words, claim; `gain` where it is known better.
    """
    if not plans:
        return []
    believed = diagnostics.success_rate(kind)
    gain = rest.pop("gain", REPAIRED * min(1.0, max(0.0, explains)) * (1.0 - diagnostics.score))
    said = rest.pop("claim", None) or claim(kind, evidence)
    return [
        Lesson(
            kind=kind,
            claim=said,
            parent=replace(diagnostics.plan, seed=0),
            plans=tuple(plans)[: math.ceil(MOST_PLANS * believed)],
            gain=believed * gain,
            doubt=believed * gain,
            evidence=evidence,
            examples=clipped(examples),
            **rest,
        )
    ]


def shown(diagnostics: ChampionDiagnostics, rows: Sequence[int]) -> list[tuple[int, str]]:
    """Return (row in the source, text) of some judged examples."""
    return [(diagnostics.judged.ids[row], diagnostics.judged.texts[row]) for row in rows]
