"""Which labels are suspect, as well as a run can tell: what held-out answers say, and a training, where one may.

A training that is held to its early answers does not follow labels that are wrong, so what it remembers of the very
rows that it learnt tells which these are better than the held-out answers of cheaper models do. How many there are it
cannot tell: the fewer it follows the fewer it knows of (docs/decisions/explore-label-errors.md), so that stays
with the others.
"""

from dataclasses import replace

from haoqi.data.recipes._suspects import Suspects, find, reranked
from haoqi.explore.experiments.results import read_early_answers
from haoqi.explore.experiments.training_data import recipe_tools
from haoqi.explore.plans.plan import Plan
from haoqi.explore.record.artifacts import Floats
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics


def find_label_errors(diagnostics: ChampionDiagnostics) -> Suspects | None:
    """Return the suspects among the training labels, the most doubtful first; None where that takes too long.

    Args:
        seen: the run at the moment that it is asked; its task labels texts.
    """
    context, train = diagnostics.context, diagnostics.splits.train
    if (chances := diagnostics.out_of_fold) is None:
        return None
    kit = replace(
        recipe_tools(Plan(diagnostics.plan.method, diagnostics.plan.base), context), held_out=lambda _: chances
    )
    found = find(train, kit, None)
    remembered = _remembered(diagnostics)
    return found if remembered is None else reranked(train, kit, found, remembered)


def _remembered(diagnostics: ChampionDiagnostics) -> Floats | None:
    """Return what a training remembers: the champion or a member of it, else the best that was held."""
    mine = [plan for plan, _ in diagnostics.plan.members]
    able = [one for one in diagnostics.history.alone if one.score is not None]
    able.sort(key=lambda one: (one.plan in mine, one.score or 0.0, -one.number), reverse=True)
    told = (read_early_answers(one, diagnostics.context) for one in able)
    return next((one for one in told if one is not None), None)
