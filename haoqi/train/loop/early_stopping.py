"""The score that a training may still reach, extrapolated from its validation scores (Domhan et al., 2015, IJCAI).

Errors fall about as a power of the steps taken (Hestness et al., 2017, arXiv:1712.00409), and sooner or later more
slowly than that. So the steepest recent fall, continued to the end from the best score so far, is an optimistic
end, and what is less than the champion's score even then is not worth its time.
"""

import math
from collections.abc import Sequence

from haoqi.core.say import say

# Errors may always still fall as fast as this power of the steps: the step size comes down in the end, and scores rise.
_LEAST_POWER = 0.5
# Evaluations since that share of the steps taken say how steep the curve is now.
_RECENT = 0.25
# Fewer evaluations say nothing of a curve, nor do those before so much of the training: some begin to rise late.
_MIN_EVALUATIONS, _MIN_SHARE = 3, 0.5
# Standard errors by which the last score may be too low.
_ERRORS = 2.0

ENDED_EARLY = frozenset({"train.ended_early", "fit.read_cut"})
"""Keys of the sentences which say that a fit did less than it was asked to: what it took says little of its speed."""


def reachable_score(scores: Sequence[tuple[int, float]], steps: int, rows: int) -> float:
    """Return the score that a training may reach if all goes well.

    That is 1 before half of the steps and with fewer than three evaluations, and as long as nothing was learnt at all.

    The error, 1 less the best score, falls to the end as the power of the steps by which it fell from any recent
    evaluation, and at least as their square root; two standard errors of a share of so many rows are added.

    Args:
        scores: (steps taken, validation score) of every evaluation, in order; 1 is perfect.
        steps: of the whole training.
        rows: validation examples that were scored.

    >>> round(reachable_score([(50, 0.6), (75, 0.6), (100, 0.6)], steps=100, rows=10_000), 2)
    0.61
    >>> round(reachable_score([(20, 0.6), (40, 0.8), (50, 0.8)], steps=100, rows=10_000), 2)
    0.89
    """
    if len(scores) < _MIN_EVALUATIONS or scores[-1][0] < _MIN_SHARE * steps:
        return 1.0
    now, error = scores[-1][0], 1 - max(score for _, score in scores)
    if error <= 0 or error >= 1:
        return 1.0
    falls = [
        math.log((1 - score) / error) / math.log(now / step)
        for step, score in scores[:-1]
        if _RECENT * now <= step < now and score < 1
    ]
    power = max(_LEAST_POWER, *falls) if falls else _LEAST_POWER
    margin = _ERRORS * math.sqrt(error * (1 - error) / max(1, rows))
    end = math.exp(power * math.log(now / max(now, steps)))
    return min(1.0, 1 - error * end + margin)


def given_up(scores: Sequence[tuple[int, float]], steps: int, rows: int, to_beat: float) -> str:
    """Return, in words, why a training is not worth going on with, or nothing.

    Args:
        scores: as for `reachable_score`, and so `steps` and `rows`.
        steps: of the whole training.
        rows: validation examples that were scored.
        to_beat: the score that it should come up to.
    """
    reachable = reachable_score(scores, steps, rows)
    if reachable >= to_beat:
        return ""
    best = max(score for _, score in scores)
    facts = {"best": f"{best:.3f}", "reach": f"{reachable:.3f}", "beaten": f"{to_beat:.3f}"}
    return say("train.ended_early", step=scores[-1][0], steps=steps, **facts)
