"""A bigger base: the champion's way of using a base, on the largest one here that the run has not tried.

Larger encoders usually do better on the same data (Devlin et al., 2019, arXiv:1810.04805), but by how much differs from
data to data. What bases differed by in this run narrows the belief; with one base it stays wide, and says so. A run
without any base gets the name of the one to bring, by what other data sets know of methods that use one.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np

from haoqi.core.config import Range
from haoqi.data.answers import ANYTHING, Accepts
from haoqi.evaluate.advice import NO_BASE, NextStep
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._step_parts import step
from haoqi.explore.advice.next_steps._verified import verified
from haoqi.explore.advice.run_end import RunEnd
from haoqi.explore.advice.untried_plan import most_promising
from haoqi.explore.costs.cost_model import CostModel
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.scheduling.candidate_plans import candidate_plans
from haoqi.explore.setup.context import suitable_methods
from haoqi.explore.setup.text_lengths import TextLengths
from haoqi.models.bases import Base, BaseCard, available, bases, choose

_KNOWN = 0.5
"""A base that was trained on fewer of the texts than this is no candidate."""


@next_steps.register
@dataclass(frozen=True)
class BiggerBase:
    """What is believed of bases before a run has shown anything."""

    accepts: ClassVar[Accepts] = ANYTHING

    doubt: Annotated[float, Range(0.0, 5.0)] = 0.35
    """Standard deviation, in log-odds, of what another base changes; a guess."""

    def suggest(self, run_end: RunEnd) -> NextStep:
        """Return the step, for the largest base here that is not in the run and knows its languages."""
        if not run_end.context.bases and (missing := _missing(run_end)) is not None:
            return missing
        card, plan = _candidate(run_end), _user(run_end)
        if card is None or plan is None:
            reason = "bigger_base_none" if card is None else "bigger_base_unused"
            return step("bigger_base", reason, None, {"bases": list(run_end.context.bases)})
        differences = _differences(run_end)
        doubt = float(np.sqrt((2 * self.doubt**2 + sum(one**2 for one in differences)) / (2 + len(differences))))
        moved = replace(plan, base=card.name, seed=0, share=1.0)
        draws = verified(run_end, [moved], more_doubt=doubt)
        evidence = {
            "base": card.name,
            "parameters": round(card.parameters / 1e6),
            "plan": replace(moved, recipe=()).words(),
            "compared": len(differences),
        }
        return step("bigger_base", "bigger_base", draws, evidence, compute_seconds=_seconds(run_end, moved, card))


def _missing(run_end: RunEnd) -> NextStep | None:
    """Return the step of a run that had no base at all: bring the one that suits, and what other data sets say of it.

    None where no method that may be tried uses one.
    """
    context = run_end.context
    if not any(maker.uses_base for maker in suitable_methods(context.settings, context.task).values()):
        return None
    card = bases.build(choose(context.card.languages))
    there = replace(context, bases={card.name: Base(card.name, Path(), card, "")})
    plans = [plan for plan in candidate_plans(there) if plan.base and plan.share == 1.0 and not plan.settings]
    costs = CostModel.of(there, run_end.history.experiments, timed=run_end.timed)
    seconds = {plan: costs.cost(plan).seconds for plan in plans}
    soon = [plan for plan in plans if seconds[plan] <= run_end.longer_seconds / 2]
    found = most_promising(soon or [min(plans, key=lambda plan: seconds[plan])], run_end.acquisition)
    assert found is not None
    plan = found[0]
    evidence = {
        "base": card.name,
        "megabytes": round(card.download_bytes / 1e6),
        "plan": plan.words(),
    }
    draws = verified(run_end, [plan])
    return step("bigger_base", NO_BASE, draws, evidence, compute_seconds=seconds[plan])


def _candidate(run_end: RunEnd) -> BaseCard | None:
    """Return the largest base here that the run has not, larger than those it has."""
    mine = run_end.context.bases
    least = max((base.card.layers * base.card.width**2 for base in mine.values()), default=0)
    languages = run_end.context.card.languages
    total = sum(languages.values())
    found = []
    for one in available(run_end.context.cache):
        card = one.card
        known = sum(share for code, share in languages.items() if code.partition("-")[0] in card.languages)
        suits = not total or known >= _KNOWN * total
        larger = card.layers * card.width**2 > least
        if one.installed and card.kind == "encoder" and card.name not in mine and larger and suits:
            found.append(card)
    return max(found, key=lambda card: (card.layers * card.width**2, card.name), default=None)


def _user(run_end: RunEnd) -> Plan | None:
    """Return the champion's plan where it uses a base, or else the best one that does; None: no method may."""
    scored = [e for e in run_end.history.experiments if e.score is not None and e.plan.base]
    best = max(scored, key=lambda e: (e.plan.key == run_end.plan.key, e.score or 0.0, -e.number), default=None)
    if best is not None:
        return best.plan
    names = [name for name, maker in run_end.context.makers.items() if maker.uses_base]
    return Plan("probe" if "probe" in names else names[0]) if names else None


def _differences(run_end: RunEnd) -> list[float]:
    """Return by how much pairs of experiments differ that differ in their base alone, in log-odds."""
    found: dict[Plan, list[Experiment]] = {}
    for one in run_end.history.experiments:
        if one.score is not None and one.plan.base:
            found.setdefault(replace(one.plan, base=None), []).append(one)
    pairs = (pair for pair in found.values() if len(pair) > 1)
    odds = run_end.scale.odds
    return [odds(other.score or 0.0) - odds(one.score or 0.0) for one, other, *_ in pairs]


def _seconds(run_end: RunEnd, plan: Plan, card: BaseCard) -> float:
    """Return what a plan takes on a base that is not loaded: nothing of it is kept yet."""
    context = run_end.context
    base = Base(card.name, Path(), card, "")
    there = replace(context, bases={**context.bases, card.name: base}, lengths=_lengths(run_end, card.name))
    return CostModel.of(there, run_end.history.experiments, timed=run_end.timed).cost(plan).seconds


def _lengths(run_end: RunEnd, name: str) -> TextLengths:
    """Return lengths of texts in tokens of the base: as those of the run's own, for want of its tokenizer."""
    lengths = run_end.context.lengths
    own = next(iter(lengths.tokens.values()), None)
    return lengths if own is None else replace(lengths, tokens={**lengths.tokens, name: own})
