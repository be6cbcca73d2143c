"""Successive halving: try many plans on few examples, and the better part of them on more.

Asynchronous, so that it needs no rounds (Li et al., 2020, "A System for Massively Parallel Hyperparameter
Tuning", arXiv:1810.05934). Prefer it where plans are dear and a share of the examples tells a lot.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import Annotated

from haoqi.core.config import Range
from haoqi.explore.beliefs.acquisition import Acquisition
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.scheduling.strategies import strategies


@strategies.register
@dataclass(frozen=True)
class Halving:
    """Promote the best of each fidelity to the next one; where none is due, begin another plan."""

    keep: Annotated[float, Range(0.05, 1.0)] = 0.34
    """The share of the plans of one fidelity that goes on to the next."""

    def propose(
        self, untried: Sequence[Plan], history: Sequence[Experiment], acquisition: Acquisition, rng: Random
    ) -> Plan:
        """Return the best plan that is due for a larger fidelity, or else one at the smallest."""
        open_plans = set(untried)
        shares = sorted({plan.share for plan in untried} | {e.plan.share for e in history}, reverse=True)
        for higher, lower in pairwise(shares):
            for promoted in self._due(lower, history):
                candidate = replace(promoted, share=higher, seed=0)
                if candidate in open_plans:
                    return candidate
        smallest: dict[Plan, Plan] = {}
        for plan in untried:
            whole = replace(plan, share=1.0)
            if whole not in smallest or plan.share < smallest[whole].share:
                smallest[whole] = plan
        begun = {replace(e.plan, share=1.0, seed=0) for e in history}
        fresh = [plan for whole, plan in smallest.items() if whole not in begun]
        return rng.choice(fresh or list(smallest.values()))

    def _due(self, share: float, history: Sequence[Experiment]) -> list[Plan]:
        """Return the plans of one fidelity that earned the next, the best first."""
        scored = [e for e in history if e.plan.share == share and e.plan.seed == 0 and e.score is not None]
        scored.sort(key=lambda e: e.score or 0.0, reverse=True)
        return [e.plan for e in scored[: max(1, int(len(scored) * self.keep))]]
