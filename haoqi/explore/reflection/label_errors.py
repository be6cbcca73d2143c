"""Label errors: which training labels are suspect, by out-of-fold answers and the early answers of a training.

A training with early-learning regularisation does not follow wrong labels, so its early answers to the rows that it
learnt rank suspects better than the out-of-fold answers of cheaper models do. How many there are they cannot tell: the
fewer wrong labels it follows the fewer it knows of (docs/decisions/explore-label-errors.md), so the number comes from
the out-of-fold answers.
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
        diagnostics: of the champion; the task labels texts.
    """
    context, train = diagnostics.context, diagnostics.splits.train
    if (chances := diagnostics.out_of_fold) is None:
        return None
    tools = replace(
        recipe_tools(Plan(diagnostics.plan.method, diagnostics.plan.base), context), held_out=lambda _: chances
    )
    found = find(train, tools, None)
    early_answers = _early_answers(diagnostics)
    return found if early_answers is None else reranked(train, tools, found, early_answers)


def _early_answers(diagnostics: ChampionDiagnostics) -> Floats | None:
    """Return the early answers of a training: of the champion or a member of it, else of the best that has any."""
    mine = [plan for plan, _ in diagnostics.plan.members]
    able = [one for one in diagnostics.history.alone if one.score is not None]
    able.sort(key=lambda one: (one.plan in mine, one.score or 0.0, -one.number), reverse=True)
    answers = (read_early_answers(one, diagnostics.context) for one in able)
    return next((one for one in answers if one is not None), None)
