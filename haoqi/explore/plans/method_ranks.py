"""How methods tend to rank where time is no matter, as they say themselves.

In the opening it settles ties, and which one on frozen features comes first where they are dear; every claim is
tested. A guess: docs/decisions/explore-scheduling.md has accuracies of three of them only. With some eight examples a
label it is what was seen on eight draws of four data sets.
"""

from haoqi.core.errors import UserError
from haoqi.explore.plans.plan import Plan
from haoqi.methods.method import methods

MIDDLE = 5
"""Where a method stands that does not say."""


def method_rank(plan: Plan, *, few: bool = False) -> int:
    """Return where a plan's method stands among methods when time is no matter; 0 is the best.

    Args:
        plan: any.
        few: whether there are only some examples of each label.
    """
    try:
        ranks = getattr(methods.get(plan.method), "ranks", (MIDDLE, MIDDLE))
    except UserError:  # an ensemble, or a method that is not installed here
        return MIDDLE
    return int(ranks[few])
