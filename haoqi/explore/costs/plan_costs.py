"""What a plan takes by itself: the size of a fit, how it is tried, and its seconds on the reference machine."""

from haoqi.explore.costs.throughput import reference_throughput
from haoqi.explore.costs.workload import StoredFeatures, Trial, plan_load
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import SearchContext
from haoqi.methods.work import Size, work_of


def plan_work(plan: Plan, context: SearchContext) -> float:
    """Return the seconds that a plan takes with nothing computed before, on the machine of `throughput.json`."""
    work = work_of(context.method(plan), plan_size(plan, context))
    return (
        reference_throughput().cost(plan_load(work, plan_trial(plan, context), StoredFeatures()), plan.method).seconds
    )


def plan_trial(plan: Plan, context: SearchContext) -> Trial:
    """Return how a plan is tried, as far as it costs."""
    return Trial(
        plan_size(plan, context), len(context.judged) if context.folds else len(context.splits.train), context.folds
    )


def plan_size(plan: Plan, context: SearchContext) -> Size:
    """Return how much one fit of a plan learns from, and how much is scored with what it gives."""
    card = context.bases[plan.base].card if plan.base else None
    train, valid = len(context.splits.train), len(context.splits.valid)
    if context.folds:
        train, valid = (train + valid) * (context.folds - 1) // context.folds, (train + valid) // context.folds
    lengths = context.lengths.of(plan.base)
    return Size(
        train_rows=int(train * plan.share * plan.growth),
        valid_rows=valid,
        tokens=sum(lengths) / len(lengths),
        # Of words a method counts its tags itself; a number is a column, as a label is.
        labels=len(context.task.labels) if context.task.output.kind.of_words else context.task.output.width,
        layers=card.layers if card else 0,
        width=card.width if card else 0,
        vocabulary=max(0, card.parameters // card.width - 12 * card.layers * card.width) if card else 0,
        characters=context.lengths.characters,
        words=context.lengths.words,
        lengths=lengths,
        unspaced=context.lengths.unspaced,
        per_word=context.task.output.kind.unit != "text",
        watched=not context.folds,
    )
