"""The scale on which beliefs about scores are normal: log-odds of a share, or of what a metric maps to one."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.metric import Metric
from haoqi.explore.beliefs.transfer_prior import log_odds

Floats = npt.NDArray[np.float64]

_LEAST_UNIT = 1e-9
_NO_CHAMPION_ODDS = -2.0


@dataclass(frozen=True)
class MeritScale:
    """Turns merits, as `Metric.merit` gives them, into log-odds and back.

    Of a metric in [0, 1] these are the log-odds of the score. Of one without a bound on one side `Metric.to_unit` gives
    the share; the log-odds of an error are then the negative of its logarithm, so that its unit only shifts them.
    """

    metric: Metric | None = None
    """None: merits are shares."""

    @property
    def is_share(self) -> bool:
        """Whether a merit is a share itself."""
        return self.metric is None or (self.metric.greater_is_better and self.metric.most <= 1.0)

    @property
    def no_champion(self) -> float:
        """The merit that counts as the champion's where there is none."""
        return 0.0 if self.is_share else float(self.merits(np.array([_NO_CHAMPION_ODDS]))[0])

    def odds(self, merit: float) -> float:
        """Return the log-odds of a merit; those of a share nearer than 0.5 % to an end count as that far."""
        if self.is_share or self.metric is None:
            return log_odds(merit)
        share = min(1.0 - _LEAST_UNIT, max(_LEAST_UNIT, self.metric.to_unit(merit)))
        return math.log(share / (1.0 - share))

    def merits(self, odds: Floats) -> Floats:
        """Return the merits that log-odds stand for, same shape."""
        shares: Floats = 1 / (1 + np.exp(-odds))
        if self.is_share or self.metric is None:
            return shares
        found: Floats = np.vectorize(self.metric.from_unit, otypes=[np.float64])(shares)
        return found


SHARES = MeritScale()
