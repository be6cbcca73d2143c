"""Who is champion: a challenger wins only by a paired test on the same examples; close calls are repeated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from haoqi.core import seeds
from haoqi.evaluate.comparison import compare
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
    pooled: Callable[[Sequence[Experiment]], Statistics]
    """The deciding metric's statistics, the mean of some seeds of one plan, on the examples all are judged on."""
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
        first, second = self.pooled(mine), self.pooled(theirs)
        found = compare(first, second, self.metric.score, rng=seeds.generator(self.seed, "verdict", challenger.number))
        decided = partial(
            Verdict,
            challenger.number,
            difference=found.difference,
            low=found.low,
            high=found.high,
            p_value=found.p_value,
            against=champion.number,
        )
        if found.difference > 0 and found.p_value < self.alpha and challenger.plan.key != champion.plan.key:
            better = float(self.metric.score(np.asarray(first.sum(axis=0)).ravel()))
            return decided("crowned", mine[0].number, better)
        close = found.difference > 0 and found.p_value < CLOSE and len(mine) < SEEDS and self.repeatable(challenger)
        return decided("close" if close else "kept", champion.number, score)
