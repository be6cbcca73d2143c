"""Strategies: how the next plan is chosen. One file each; they keep no state, so runs resume and replay."""

from collections.abc import Sequence
from random import Random
from typing import Protocol, runtime_checkable

from haoqi.core.registry import Registry
from haoqi.explore.beliefs.acquisition import Acquisition
from haoqi.explore.plans.plan import Experiment, Plan


@runtime_checkable
class Strategy(Protocol):
    """A frozen dataclass of settings with a `propose` that uses its arguments only."""

    def propose(
        self, untried: Sequence[Plan], history: Sequence[Experiment], acquisition: Acquisition, rng: Random
    ) -> Plan:
        """Return the plan to run next.

        Args:
            untried: the plans that can still be afforded, at least one.
            history: all experiments of the run, in order; failed ones have no score.
            acquisition: what is believed of plans, of their costs and of what is left.
            rng: the only source of chance.
        """
        ...


strategies: Registry[Strategy] = Registry("strategy", "haoqi.explore.scheduling.strategies")
