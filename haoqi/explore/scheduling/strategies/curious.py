"""Curiosity: what promises most per second, and what teaches most about all that can still be afforded.

Expected improvement per second (Snoek, Larochelle and Adams, 2012, arXiv:1206.2944) with two changes. A gain counts
only as far as a paired test would confirm it. And a plan is worth its lesson, too: a knowledge gradient (Frazier,
Powell and Dayanik, 2009, doi:10.1287/ijoc.1080.0314) with time at its price, which fades as the budget ends. A cheap
plan on a share of the examples that tells of dear ones therefore comes before them, and growing fidelity follows by
itself. Prefer it where plans differ much in what they cost, which is nearly always.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated

import numpy as np

from haoqi.core.config import Range
from haoqi.explore.beliefs.acquisition import Acquisition
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.scheduling.strategies import strategies


@strategies.register
@dataclass(frozen=True)
class Curious:
    """Verified gain and what is learnt, per second."""

    curiosity: Annotated[float, Range(0.0, 10.0)] = 1.0
    """What uncovering a gain is worth at the beginning, against having it; it falls to nothing as the budget ends."""

    def propose(
        self, untried: Sequence[Plan], history: Sequence[Experiment], acquisition: Acquisition, rng: Random
    ) -> Plan:
        """Return the plan that is worth most per second, or per step; it is the same whatever the generator."""
        plans = list(untried)
        joint = acquisition.surrogate.believe(plans)
        worth = acquisition.verified_gain(joint.mean, joint.deviation, acquisition.required_leads(plans))
        if self.curiosity and len(plans) > 1:
            worth = worth + self.curiosity * acquisition.left_share * acquisition.knowledge_gradient(plans, joint)
        return plans[int(np.argmax(worth / np.array([acquisition.price(plan) for plan in plans])))]
