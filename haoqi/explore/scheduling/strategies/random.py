"""Random search: any untried plan, each as likely (Bergstra and Bengio, 2012, JMLR 13:281).

Prefer it as the control that every other strategy has to beat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random as Generator

from haoqi.explore.beliefs.acquisition import Acquisition
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.scheduling.strategies import strategies


@strategies.register
@dataclass(frozen=True)
class Random:
    """Choose without looking."""

    def propose(
        self, untried: Sequence[Plan], history: Sequence[Experiment], acquisition: Acquisition, rng: Generator
    ) -> Plan:
        """Return any untried plan."""
        return rng.choice(list(untried))
