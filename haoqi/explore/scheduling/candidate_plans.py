"""Which plans a search may choose from: every method that suits the task, on every base."""

from haoqi.core import seeds
from haoqi.data.answers import setting_applies
from haoqi.explore.costs.plan_costs import plan_work
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.search_space import list_plans
from haoqi.explore.setup.context import SearchContext


def candidate_plans(context: SearchContext) -> list[Plan]:
    """Return the plans of the search space, in an order that depends on the seed alone; listed once for a context."""
    return context.once("candidate plans", lambda: _listed(context))


def _listed(context: SearchContext) -> list[Plan]:
    rng = seeds.generator(context.seed, "space")
    rows, variants = len(context.splits.train), context.settings.variants
    kind, pairs = context.task.output.kind, context.task.pairs
    return list_plans(
        context.makers,
        list(context.bases),
        lambda plan: plan_work(plan, context),
        rows,
        variants=variants,
        rng=rng,
        applies=lambda setting: setting_applies(setting, kind, pairs=pairs),
    )
