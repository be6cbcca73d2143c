"""What fitting the teacher of a plan takes, an ensemble whose answers the plan learns from."""

from collections.abc import Callable

from haoqi.explore.plans.plan import Plan

FOLDS = 3
"""Parts of the examples, each answered by teachers fitted on the others."""


def teaching_seconds(plan: Plan, seconds: Callable[[Plan], float]) -> float:
    """Return how long the teacher of a plan takes to be fitted on every part's other examples."""
    teachers = [one for teacher in plan.made_of for one, _ in teacher.members]
    return (FOLDS - 1) * sum(seconds(one) for one in teachers)
