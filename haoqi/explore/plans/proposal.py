"""A step of a search: an experiment about to be made, with what is believed of it before."""

from dataclasses import dataclass

from haoqi.explore.plans.method_ranks import Belief
from haoqi.explore.plans.plan import Plan


@dataclass(frozen=True)
class Step:
    """An experiment about to be made, and why."""

    plan: Plan
    why: str
    role: str
    belief: Belief
    work: float
    seconds: float | None
    """The most it may take; None: no limit."""
    deadline: float | None = None
    """Seconds after which it is stopped without a result, so that the champion can be released; None: never."""
    to_beat: float | None = None
    """A validation score without which it is of no use; None: whatever it scores teaches something."""
