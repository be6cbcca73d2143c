"""A proposal: an experiment about to be made, why, and what is believed of it before."""

from dataclasses import dataclass

from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.reason import Reason


@dataclass(frozen=True)
class Belief:
    """What is believed of a plan that was not yet run."""

    score: float | None
    doubt: float
    seconds: float
    """The median: longer is as likely as shorter."""
    seconds_spread: float = 0.0
    """Standard deviation of the natural logarithm of the seconds."""


@dataclass(frozen=True)
class Proposal:
    """An experiment about to be made, and why."""

    plan: Plan
    why: Reason
    role: str
    belief: Belief
    work: float
    seconds: float | None
    """The most it may take; None: no limit."""
    deadline: float | None = None
    """Seconds after which it is stopped without a result, so that the champion can be released; None: never."""
    to_beat: float | None = None
    """A validation score without which it is of no use; None: whatever it scores teaches something."""
