"""The champion test: a challenger wins by a paired test on the same examples; close calls are repeated.

A run makes many tests, so alpha is the chance that any of them promotes a plan that is no better, not that of each.
Tests share it (Foster and Stine, 2008, "Alpha-investing", doi:10.1111/j.1467-9868.2007.00643.x), without interest: a
test that promotes gives its share back, as in the graphical rules that control the error of a whole family (Tian and
Ramdas, 2021, "Online control of the familywise error rate", arXiv:1910.04900), and a challenger that does not even look
better uses none. Each gets half the probability, by the belief written down before, that it is better, of what is left:
the plans believed best, which come first, need the least proof.

A close call is tested again: with other seeds, or on more examples where neither plan depends on a seed (`retest`).
All tests of a challenger share one share of alpha.

Where the examples leave open which of two methods is better, what other data sets know of both may decide: see
`evidence_pooling`. A challenger that is ahead is promoted where both together make it certain enough. The examples
alone did not prove it, so its share of alpha is used up all the same. An ensemble is compared with the champion's score
less its selection bias (`selection_bias`).

The majority baseline claims nothing: whatever scores higher replaces it without a test, so that few examples never
leave a person with a model that gives one answer to everything.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from haoqi.core import seeds
from haoqi.evaluate.comparison import Comparison
from haoqi.evaluate.metric import Metric, Statistics
from haoqi.explore.beliefs.evidence_pooling import Lead, certainty_needed, no_lead, probability_better
from haoqi.explore.plans.method_roles import is_control
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Experiment
from haoqi.explore.record.history import History, Verdict

CLOSE = 0.3
"""Above its share of alpha and below this p-value, a better challenger is tested again, by a seed or more examples."""

SEEDS = 3
"""A plan is run with at most this many seeds for one verdict, all for one share of alpha."""

BOLD, LEAST, EVEN, LAST = 0.5, 0.1, 0.25, 0.9
"""The share of the alpha that is left: BOLD times the probability to be better, at least LEAST; EVEN where nothing is
known; LAST for an ensemble, which comes when little else will."""

MARGIN = 0.005
"""A faster copy of the champion may score so much less, unless the test finds it worse."""

# A share of alpha must be larger than the least p-value that so many swaps can show.
_SWAPS, _SWAPS_PER_STAKE, _MOST_SWAPS = 2000, 10, 20_000


@dataclass(frozen=True)
class ChampionTest:
    """What a verdict needs: the metric, alpha, and the statistics of each experiment."""

    metric: Metric
    alpha: float
    """The chance that a run without any better plan promotes one; cross-dataset evidence decides at twice that."""
    pooled: Callable[[Sequence[Experiment]], Statistics]
    """The deciding metric's statistics, the mean of some seeds of one plan, on the examples all are judged on."""
    repeatable: Callable[[Experiment], bool]
    """Whether another seed would give another model."""
    seed: int
    retest: Callable[[Experiment, Experiment, History], Callable[[], tuple[Statistics, Statistics] | None] | None] = (
        lambda challenger, champion, history: None
    )
    """What computes the statistics of a challenger and of the champion on more examples; None: nothing does."""
    lead: Lead = no_lead
    """What other data sets know of two plans."""
    selection_bias: Callable[[History], float] = lambda history: 0.0
    """How far the champion's score is too high, since the examples chose it."""

    def verdict(self, history: History, challenger: Experiment) -> Verdict:
        """Return what becomes of a challenger; it is not recorded here.

        With several seeds, a plan is as good as the average of its seeds' statistics, so a lucky seed
        promotes no plan; the model released is the first seed's.
        """
        champion = history.champion
        score = history.champion_score
        if challenger.score is None:
            return Verdict(challenger.number, "failed", champion.number if champion else None, score)
        if champion is None:
            return Verdict(challenger.number, "crowned", challenger.number, challenger.score)
        mine, theirs = history.seeds_of(challenger.plan), history.seeds_of(champion.plan)
        first, second = self.pooled(mine), self.pooled(theirs)
        alpha = alpha_share(history, challenger, self.alpha)
        swaps = min(_MOST_SWAPS, max(_SWAPS, math.ceil(_SWAPS_PER_STAKE / max(alpha, 1e-6))))
        rng = seeds.generator(self.seed, "verdict", challenger.number)
        test = partial(self.metric.compare, rng=rng, samples=swaps)
        found, retested = test(first, second), False

        def decided(
            decision: str,
            best: Experiment,
            score: float | None,
            staked: float | None = None,
            **pooled: float | None,
        ) -> Verdict:
            facts = {"against": champion.number, "alpha": staked, "retested": retested, **pooled, **asdict(found)}
            return Verdict(challenger.number, decision, best.number, score, **facts)

        mean = float(self.metric.merit(np.asarray(first.sum(axis=0)).ravel()))
        if challenger.role == DISTIL:
            stands_in = self._as_good(found) and mean >= _before(history, champion)
            return decided("faster", mine[0], mean) if stands_in else decided("kept", champion, score)
        better = found.difference > 0 and challenger.plan.key != champion.plan.key
        if better and is_control(champion.plan.method):
            return decided("crowned", mine[0], mean)
        near = better and found.p_value < CLOSE
        again = self.retest(challenger, champion, history) if near else None
        asked = alpha / 2 if again else alpha
        if again and found.p_value >= asked and (more := again()) is not None:
            found, retested = test(*more), True
            better, near = found.difference > 0, False
        if better and found.p_value < asked:
            return decided("crowned", mine[0], mean, alpha)
        if (pooled := self._pooled_evidence(history, challenger, found)) is not None:
            return decided("crowned", mine[0], mean, alpha, **pooled)
        close = near and len(mine) < SEEDS and self.repeatable(challenger)
        return decided("close" if close else "kept", champion, score, alpha)

    def _pooled_evidence(self, history: History, challenger: Experiment, found: Comparison) -> dict[str, float] | None:
        """Return the probability by which cross-dataset evidence promotes a challenger, and the bias taken off."""
        champion, together = history.found(), challenger.plan.method == ENSEMBLE
        if champion.plan.key == challenger.plan.key or (found.difference <= 0 and not together):
            return None
        if (lead := self.lead(challenger.plan, champion.plan)) is None:
            return None
        bias = self.selection_bias(history) if together else 0.0
        chance = probability_better(found, lead, history.champion_score or 0.0, selection_bias=bias)
        if found.difference + bias <= 0 or chance < certainty_needed(self.alpha):
            return None
        return {"chance_better": round(chance, 6)} | ({"selection_bias": round(bias, 6)} if together else {})

    def _as_good(self, found: Comparison) -> bool:
        """Return whether a faster copy may stand in for its teacher: within the margin, and not found worse."""
        return found.difference >= 0 or (found.difference >= -MARGIN and found.p_value >= self.alpha)


def alpha_share(history: History, challenger: Experiment, alpha: float) -> float:
    """Return the p-value below which a challenger is promoted.

    Further seeds of a plan use the share of its first. A verdict that is written is not among the past.

    Args:
        history: all that was judged before.
        challenger: with the belief that was written down before it was run.
        alpha: what the run began with.
    """
    paid = _paid(history)
    if (known := paid.get(challenger.plan.key)) is not None:
        return known
    return _share(history, challenger) * alpha_left(history, alpha)


def alpha_left(history: History, alpha: float) -> float:
    """Return what is left of alpha: all but the shares of challengers that looked better and were not proven so."""
    proven = [one for one in history.verdicts if one.decision == "crowned" and one.chance_better is None]
    crowned = {_key(history, verdict) for verdict in proven}
    return max(0.0, alpha - sum(paid for key, paid in _paid(history).items() if key not in crowned))


def usual_alpha_share(history: History, alpha: float) -> float:
    """Return the p-value below which a challenger of which nothing is believed would be promoted now."""
    return EVEN * alpha_left(history, alpha)


def _before(history: History, champion: Experiment) -> float:
    """Return the best score before a champion was promoted: a faster copy of it must keep some of its gain."""
    reigns = [verdict for verdict in history.verdicts if verdict.champion != champion.number]
    return reigns[-1].score or 0.0 if reigns else 0.0


def _paid(history: History) -> dict[str, float]:
    """Return the share of alpha that every plan used which looked better, by its key; a retest follows such a test."""
    found: dict[str, float] = {}
    for verdict in history.verdicts:
        if verdict.alpha is not None and (verdict.retested or (verdict.difference or 0.0) > 0):
            found.setdefault(_key(history, verdict), verdict.alpha)
    return found


def _key(history: History, verdict: Verdict) -> str:
    return history.experiments[verdict.experiment - 1].plan.key


def _share(history: History, challenger: Experiment) -> float:
    """Return the share of what is left of alpha that a challenger gets, by the belief in it."""
    score, expected, doubt = history.champion_score, challenger.expected, challenger.doubt
    if challenger.plan.method == ENSEMBLE:
        return LAST
    if expected is None or score is None or doubt <= 0:
        return EVEN
    chance = 0.5 * math.erfc((score - expected) / doubt / math.sqrt(2))
    return max(LEAST, BOLD * chance)
