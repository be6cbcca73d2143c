"""What a training may still reach, told by its validation scores so far (Domhan, Springenberg and Hutter, 2015, IJCAI).

Errors fall about as a power of the steps taken (Hestness et al., 2017, arXiv:1712.00409), and sooner or later more
slowly than that. So the steepest fall of late, continued to the end from the best score so far, is an optimistic
end, and what is less than the champion's score even then is not worth its time.
"""

import math
from collections.abc import Sequence

from haoqi.core.say import say

# Errors may always still fall as fast as this power of the steps: the step size comes down in the end, and scores rise.
_LEAST_POWER = 0.5
# Looks that far back say how steep the curve is of late, as a share of the steps taken.
_OF_LATE = 0.25
# Fewer looks say nothing of a curve, nor do those before so much of the training: some begin to rise late.
_FEWEST, _BEHIND = 3, 0.5
# Standard errors by which the last score may be unlucky.
_LUCK = 2.0

ENDED_EARLY = frozenset({"train.ended_early", "fit.read_cut"})
"""Keys of the sentences which say that a fit did less than it was asked to: what it took says little of its speed."""


def within_reach(scores: Sequence[tuple[int, float]], steps: int, rows: int) -> float:
    """Return the score that a training may reach if all goes well.

    That is 1 before half of the steps and with fewer than three looks, and as long as nothing was learnt at all.

    The error, 1 less the best score, falls to the end as the power of the steps by which it fell from any look of late,
    and at least as their square root; two standard errors of a share of so many rows come on top, for luck.

    Args:
        scores: (steps taken, validation score) of every look, in order; 1 is perfect.
        steps: of the whole training.
        rows: validation examples that were looked at.

    >>> round(within_reach([(50, 0.6), (75, 0.6), (100, 0.6)], steps=100, rows=10_000), 2)
    0.61
    >>> round(within_reach([(20, 0.6), (40, 0.8), (50, 0.8)], steps=100, rows=10_000), 2)
    0.89
    """
    if len(scores) < _FEWEST or scores[-1][0] < _BEHIND * steps:
        return 1.0
    now, error = scores[-1][0], 1 - max(score for _, score in scores)
    if error <= 0 or error >= 1:
        return 1.0
    falls = [
        math.log((1 - score) / error) / math.log(now / step)
        for step, score in scores[:-1]
        if _OF_LATE * now <= step < now and score < 1
    ]
    power = max(_LEAST_POWER, *falls) if falls else _LEAST_POWER
    luck = _LUCK * math.sqrt(error * (1 - error) / max(1, rows))
    end = math.exp(power * math.log(now / max(now, steps)))
    return min(1.0, 1 - error * end + luck)


def given_up(scores: Sequence[tuple[int, float]], steps: int, rows: int, to_beat: float) -> str:
    """Return, in words, why a training is not worth going on with, or nothing.

    Args:
        scores: as for `within_reach`, and so `steps` and `rows`.
        steps: of the whole training.
        rows: validation examples that were looked at.
        to_beat: the score that it should come up to.
    """
    reach = within_reach(scores, steps, rows)
    if reach >= to_beat:
        return ""
    best = max(score for _, score in scores)
    facts = {"best": f"{best:.3f}", "reach": f"{reach:.3f}", "beaten": f"{to_beat:.3f}"}
    return say("train.ended_early", step=scores[-1][0], steps=steps, **facts)
