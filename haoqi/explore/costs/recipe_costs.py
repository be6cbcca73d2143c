"""What a plan's recipes have models compute before the plan learns: the fits behind second opinions on labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from haoqi.data.recipes import recipes
from haoqi.explore.costs.workload import Kept, Trial, kept_after, load_of
from haoqi.explore.experiments.out_of_fold import FOLDS, ROUNDS, opinions
from haoqi.explore.plans.plan import Plan, Recipe
from haoqi.explore.setup.context import Lab
from haoqi.methods.work import Load, embedded

ASKING = frozenset({"held_out", "answers"})
"""Needs of recipes that models are fitted for."""

# Texts that recipes ask about beside unlabelled ones: those that a generator wrote.
_WRITTEN = 100


@dataclass(frozen=True)
class Question:
    """What models are asked once in a run: their opinion of the examples that a recipe sees."""

    need: str
    share: float
    before: Recipe
    """The recipes that come before it."""


@dataclass(frozen=True)
class Asked:
    """What answering the questions of a plan takes, and what is known afterwards."""

    load: Load = field(default_factory=Load)
    kept: Mapping[str, Kept] = field(default_factory=dict)
    """What the store of features holds then, by base."""
    answered: frozenset[Question] = frozenset()


def questions(plan: Plan) -> list[Question]:
    """Return what a plan's recipes ask models."""
    found = []
    for place, (name, settings) in enumerate(plan.recipe):
        needs = recipes.build(name, **dict(settings)).needs & ASKING
        found += [Question(need, plan.share, plan.recipe[:place]) for need in sorted(needs)]
    return found


def asked(plan: Plan, lab: Lab, known: Asked) -> Asked:
    """Return what a plan's questions take, those apart that were answered before.

    In cross-validation every fold learns from other examples, of which other opinions are needed.

    Args:
        plan: any plan of the lab.
        lab: what the experiments share.
        known: what the store holds and which questions were answered.
    """
    load, kept, answered = Load(), dict(known.kept), set(known.answered)
    for question in questions(plan):
        if question in answered:
            continue
        answered.add(question)
        for part in range(max(1, lab.folds)):
            load += _answering(question, lab, kept, first=part == 0)
    return Asked(load, kept, frozenset(answered))


def opinion(lab: Lab, known: Asked) -> Load:
    """Return what held-out answers to the training examples take, by as many models as the lab has bases for."""
    return _answering(Question("held_out", 1.0, ()), lab, dict(known.kept), first=True)


def _answering(question: Question, lab: Lab, kept: dict[str, Kept], *, first: bool) -> Load:
    """Return what one answer takes, and note what the store holds of it; only the first finds texts unread."""
    total, seen = Load(), Plan("", share=question.share, recipe=question.before)
    read_others: set[str] = set()
    for plan in opinions(lab, lab.size(seen).train_rows):
        size, base, method = lab.size(replace(seen, base=plan.base)), plan.base or "", lab.method(plan)
        rows, held = size.train_rows, kept.get(base, Kept())
        part = replace(size, train_rows=rows * (FOLDS - 1) // FOLDS, valid_rows=rows // FOLDS, watched=False)
        # In cross-validation the folds read all examples between them.
        read = rows * lab.folds // (lab.folds - 1) if lab.folds else rows
        trial, work = Trial(part, read, FOLDS), method.work(part)
        total += replace(load_of(work, trial, held), plans=0.0)
        total += (work.fit + work.score).times((ROUNDS - 1) * FOLDS)
        if question.need == "answers":
            count = _WRITTEN if lab.splits.unlabelled is None else len(lab.splits.unlabelled)
            whole = replace(size, valid_rows=count, watched=False)
            again = method.work(whole)
            unread = first and base not in read_others
            total += again.fit + again.score + embedded(size, again.asks * count * unread)
            read_others.add(base)
        # Those that are scored belong to the training examples.
        kept[base] = replace(kept_after(held, work, trial), judged=held.judged)
    return total
