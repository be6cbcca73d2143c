"""Which cheap models check labels out of fold, and in how many folds and rounds."""

from haoqi.explore.costs.plan_costs import plan_size
from haoqi.explore.costs.throughput import reference_throughput
from haoqi.explore.plans.plan import Plan
from haoqi.explore.setup.context import SearchContext
from haoqi.methods.work import embedded

FOLDS = 5
"""Parts of the examples, each answered by models fitted on the others."""

ROUNDS = 2
"""How often each part is answered, at most: where labels are evidently wrong, again by models that weigh these less."""

STRENGTHS = (0.001, 0.008, 0.06)
"""How closely probes follow the examples (C). Each answers all parts: were each part answered at a strength of its own,
how sure the answers are would differ between parts, and some would look wrong
(docs/decisions/explore-label-errors.md)."""

READING_SECONDS = 60.0
"""A base is among them where it embeds all texts in less than this, on the machine that costs were measured on."""


def label_check_plans(context: SearchContext, rows: int) -> list[Plan]:
    """Return which cheap plans check so many examples: decided by the amount of text, never by a clock."""
    found = [Plan("tfidf")]
    for base in list(context.bases)[:1]:
        probes = [Plan("probe", base, (("strength", strength),)) for strength in STRENGTHS]
        if (
            reference_throughput().cost(embedded(plan_size(probes[0], context), rows), "probe").seconds
            <= READING_SECONDS
        ):
            found += [*probes, Plan("knn", base)]
    task = context.task
    return [plan for plan in found if context.method(plan).accepts.takes(task.output.kind, pairs=task.pairs)]
