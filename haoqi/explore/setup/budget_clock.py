"""The clock of a run: what it has spent over all its sittings."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BudgetClock:
    """Seconds spent, those of earlier sittings included."""

    before: float = 0.0
    """Seconds that earlier sittings spent."""
    begun: float = field(default_factory=time.perf_counter)

    @property
    def spent(self) -> float:
        """Seconds spent so far."""
        return self.before + time.perf_counter() - self.begun

    def left(self, budget: float | None) -> float | None:
        """Return the seconds that are left of a budget; None where there is none."""
        return None if budget is None else budget - self.spent
