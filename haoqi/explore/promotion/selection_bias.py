"""Selection bias: by how much a score is too high, because the examples that it was measured on also chose its plan.

Of many plans that are about equal the luckiest leads, so a champion scores a little too high, the more so the fewer the
examples and the more the plans. An ensemble is judged by cross-fitting, without that bias (`ensemble_selection`):
compared with a champion as it scores it would lose what chance gave that.
"""

from collections.abc import Sequence

from haoqi.evaluate.comparison import optimism
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History
from haoqi.explore.setup.artifact_paths import experiment_folder
from haoqi.explore.setup.context import SearchContext


def selection_bias(best: Experiment, among: Sequence[Experiment], context: SearchContext, purpose: str) -> float:
    """Return what is to be taken off a score at most, because the same examples chose it; 0 or more.

    Args:
        best: what was chosen, by whatever seed.
        among: what could have been chosen; of several seeds of a plan the first counts.
        context: what the experiments share.
        purpose: names the source of the resamples.
    """
    first = [one for one in among if one.score is not None and one.plan.seed == 0]
    chosen = next((place for place, one in enumerate(first) if one.plan.key == best.plan.key), None)
    if chosen is None:
        return 0.0
    models = [artifacts.read_statistics(experiment_folder(one.plan, context)) for one in first]
    return optimism(models, chosen, context.task.metric.merit, rng=context.generator(purpose, "optimism"))


def champion_selection_bias(history: History, context: SearchContext) -> float:
    """Return how far the champion's score is believed to be too high; 0 where others scored so much more."""
    best, score = history.champion, history.champion_score
    if best is None or score is None:
        return 0.0
    top = max(one.score or 0.0 for one in history.alone)
    return max(0.0, selection_bias(best, history.alone, context, "court") - max(0.0, top - score))
