"""Stop: the model is good enough for what more would cost (optional stopping by expected gain; Wald, 1947).

It gains nothing and costs nothing, so it is the best step where no other pays for its minutes.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from haoqi.data.answers import ANYTHING, Accepts
from haoqi.evaluate.advice import STOP, NextStep
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._step_parts import step
from haoqi.explore.advice.run_end import RunEnd


@next_steps.register
@dataclass(frozen=True)
class Stop:
    """It has no settings."""

    accepts: ClassVar[Accepts] = ANYTHING

    def suggest(self, run_end: RunEnd) -> NextStep:
        """Return the step, with what a minute is asked to bring."""
        return step(STOP, "stop", np.zeros(1), {"worth": run_end.context.settings.worth})
