"""Who is champion: a challenger wins only by a paired test on the same examples; close calls are repeated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from haoqi.core import seeds
from haoqi.evaluate.comparison import average, compare
from haoqi.evaluate.metric import Metric, Statistics
from haoqi.explore.history import History, Verdict
from haoqi.explore.plan import Experiment

CLOSE = 0.3
"""Above alpha and below this p-value, a better challenger is repeated with another seed before it counts."""

SEEDS = 3
"""A plan is run with at most this many seeds for one verdict."""


@dataclass(frozen=True)
class Court:
    """What a verdict needs to know: the metric, how sure to be, and what each experiment answered."""

    metric: Metric
    alpha: float
    statistics: Callable[[Experiment], Statistics]
    """The first metric's statistics of an experiment on the examples that all are judged on."""
    repeatable: Callable[[Experiment], bool]
    """Whether another seed would give another model."""
    seed: int

    def verdict(self, history: History, challenger: Experiment) -> Verdict:
        """Return what becomes of a challenger; it is not recorded here.

        With several seeds, a plan is as good as the average of its seeds' statistics, so a lucky seed
        crowns nobody; the model released is the first seed's.
        """
        champion = history.champion
        score = history.champion_score
        if challenger.score is None:
            return Verdict(challenger.number, "failed", champion.number if champion else None, score)
        if champion is None:
            return Verdict(challenger.number, "crowned", challenger.number, challenger.score)
        mine, theirs = history.seeds_of(challenger.plan), history.seeds_of(champion.plan)
        first, second = self._pool(mine), self._pool(theirs)
        found = compare(first, second, self.metric.score, rng=seeds.generator(self.seed, "verdict", challenger.number))
        facts = {
            "difference": found.difference,
            "low": found.low,
            "high": found.high,
            "p_value": found.p_value,
            "against": champion.number,
        }
        if found.difference > 0 and found.p_value < self.alpha and challenger.plan.key != champion.plan.key:
            better = float(self.metric.score(np.asarray(first.sum(axis=0)).ravel()))
            return Verdict(challenger.number, "crowned", mine[0].number, better, **facts)
        close = found.difference > 0 and found.p_value < CLOSE and len(mine) < SEEDS and self.repeatable(challenger)
        return Verdict(challenger.number, "close" if close else "kept", champion.number, score, **facts)

    def _pool(self, experiments: Sequence[Experiment]) -> Statistics:
        return average([self.statistics(experiment) for experiment in experiments])
