"""What a plan's recipes have models compute before the plan learns: the fits by which labels are checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from haoqi.data.recipes import recipes
from haoqi.explore.costs.label_check_models import FOLDS, ROUNDS, label_check_plans
from haoqi.explore.costs.plan_costs import plan_size
from haoqi.explore.costs.workload import StoredFeatures, Trial, features_after, plan_load
from haoqi.explore.plans.plan import Plan, Recipe
from haoqi.explore.setup.context import SearchContext
from haoqi.methods.work import Load, embedded, work_of

ASKING = frozenset({"held_out", "answers"})
"""Needs of recipes for which models are fitted."""

# Texts beside unlabelled ones that recipes have answered: those that a generator wrote.
_WRITTEN = 100


@dataclass(frozen=True)
class RecipeQuestion:
    """What models compute once in a run: their answers to the examples that a recipe changes."""

    need: str
    share: float
    before: Recipe
    """The recipes that come before it."""


@dataclass(frozen=True)
class RecipeCosts:
    """What the questions of a plan's recipes take, and what the store holds afterwards."""

    load: Load = field(default_factory=Load)
    kept: Mapping[str, StoredFeatures] = field(default_factory=dict)
    """What the store of features holds then, by base."""
    answered: frozenset[RecipeQuestion] = frozenset()


def list_questions(plan: Plan) -> list[RecipeQuestion]:
    """Return what a plan's recipes have models compute."""
    found = []
    for place, (name, settings) in enumerate(plan.recipe):
        needs = recipes.build(name, **dict(settings)).needs & ASKING
        found += [RecipeQuestion(need, plan.share, plan.recipe[:place]) for need in sorted(needs)]
    return found


def recipe_costs(plan: Plan, context: SearchContext, known: RecipeCosts) -> RecipeCosts:
    """Return what the questions of a plan's recipes take, those that were answered before left out.

    In cross-validation every fold learns from other examples, so that each needs answers of its own.

    Args:
        plan: any plan of the search.
        context: what the experiments share.
        known: what the store holds and which questions were answered.
    """
    load, kept, answered = Load(), dict(known.kept), set(known.answered)
    for question in list_questions(plan):
        if question in answered:
            continue
        answered.add(question)
        for part in range(max(1, context.folds)):
            load += _answering(question, context, kept, first=part == 0)
    return RecipeCosts(load, kept, frozenset(answered))


def label_check_load(context: SearchContext, known: RecipeCosts) -> Load:
    """Return what out-of-fold answers to the training examples take, by as many models as the context has bases for."""
    return _answering(RecipeQuestion("held_out", 1.0, ()), context, dict(known.kept), first=True)


def _answering(
    question: RecipeQuestion, context: SearchContext, kept: dict[str, StoredFeatures], *, first: bool
) -> Load:
    """Return what one question takes, and note what the store then holds; only the first embeds texts anew."""
    total, learnt_plan = Load(), Plan("", share=question.share, recipe=question.before)
    read_others: set[str] = set()
    for plan in label_check_plans(context, plan_size(learnt_plan, context).train_rows):
        size, base, method = (
            plan_size(replace(learnt_plan, base=plan.base), context),
            plan.base or "",
            context.method(plan),
        )
        rows, held = size.train_rows, kept.get(base, StoredFeatures())
        part = replace(size, train_rows=rows * (FOLDS - 1) // FOLDS, valid_rows=rows // FOLDS, watched=False)
        # In cross-validation the folds read all examples between them.
        read = rows * context.folds // (context.folds - 1) if context.folds else rows
        trial, work = Trial(part, read, FOLDS), work_of(method, part)
        total += replace(plan_load(work, trial, held), plans=0.0)
        total += (work.fit + work.score).times((ROUNDS - 1) * FOLDS)
        if question.need == "answers":
            count = _WRITTEN if context.splits.unlabelled is None else len(context.splits.unlabelled)
            whole = replace(size, valid_rows=count, watched=False)
            again = work_of(method, whole)
            unread = first and base not in read_others
            total += again.fit + again.score + embedded(size, again.asks * count * unread)
            read_others.add(base)
        # Those that are scored belong to the training examples.
        kept[base] = replace(features_after(held, work, trial), judged=held.judged)
    return total
