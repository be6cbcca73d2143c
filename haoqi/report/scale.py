"""From numbers to places on a chart: horizontal places are percent, so that charts stretch and text does not."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Where the ticks of a scale that stretches towards 1 may stand.
NEAR_ONE = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)
SECONDS = (0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000, 86400)


@dataclass(frozen=True)
class Scale:
    """A monotone map of an interval of numbers onto [0, 1].

    Raises:
        ValueError: unless low < high, and, where the form is "log", low > 0.
    """

    low: float
    high: float
    form: str = "linear"
    """"linear"; "log": equal ratios are equally far apart; "error": equal ratios of what is left to 1 are."""
    turned: bool = False
    """Whether places are merits of a metric of which less is better: what stands at a tick has its sign turned."""

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.form == "log" and self.low <= 0):
            raise ValueError(f"no scale goes from {self.low} to {self.high}")

    def place(self, value: float) -> float:
        """Return where a number lies, in [0, 1]; numbers outside lie at the nearer end."""
        low, high = self._bent(self.low), self._bent(self.high)
        return min(1.0, max(0.0, (self._bent(value) - low) / (high - low)))

    def percent(self, value: float) -> str:
        """Return where a number lies, for an attribute of SVG."""
        return f"{100 * self.place(value):.2f}".rstrip("0").rstrip(".") + "%"

    def number(self, tick: float) -> float:
        """Return what stands at a tick."""
        return -tick if self.turned and tick else tick

    def ticks(self, most: int = 5) -> list[float]:
        """Return round numbers on the scale, ascending, at most so many, at least one where there is any."""
        if self.form == "error":
            found = [tick for tick in NEAR_ONE if self.low <= tick <= self.high]
            return _spread(found, most)
        if self.form == "log":
            return _spread([tick for tick in SECONDS if self.low <= tick <= self.high], most)
        return linear_ticks(self.low, self.high, most)

    def _bent(self, value: float) -> float:
        if self.form == "log":
            return math.log(max(value, self.low))
        if self.form == "error":
            return -math.log(max(1 - value, 1 - self.high))
        return value


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers between two bounds, at most so many."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power * factor for factor in (1, 2, 2.5, 5, 10, 20, 25, 50)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most:
            return [round(n * step, 10) for n in range(first, last + 1)]
    return []


def zoomed(intervals: Sequence[tuple[float, float, float]], *, turned: bool = False) -> Scale:
    """Return the scale on which the best of several (low, score, high) can be told apart.

    What is far worse than the best lies outside and is drawn at the edge.
    """
    best = max(intervals, key=lambda one: one[1])
    top = max(high for _, _, high in intervals)
    reach = max(5 * (best[2] - best[0]), 0.04)
    low = max(min(low for low, _, _ in intervals), best[1] - reach)
    margin = 0.04 * (top - low) or 0.01
    return Scale(low - margin, top + margin, turned=turned)


def knowledge_scale(scores: Sequence[float], *, turned: bool = False) -> Scale:
    """Return the scale of I(t): it stretches towards 1 where the last gains would not be seen otherwise."""
    low, high = min(scores), max(scores)
    if 0.9 < high <= 1 and high - low > 0.05:
        error = max(1 - high, 0.0005)
        return Scale(max(0.0, low - 0.2 * (1 - low)), 1 - error / 1.6, "error")
    margin = max(0.08 * (high - low), 0.01)
    return Scale(low - margin, high + margin, turned=turned)


def time_scale(seconds: Sequence[float]) -> Scale:
    """Return the scale of time spent: by ratios, since the cheap plans come first and fast."""
    first, last = max(min(seconds), 0.1), max(seconds)
    if last / first > 8:
        return Scale(first * 0.8, last * 1.02, "log")
    return Scale(0.0, max(last, 1.0) * 1.02)


def _spread(ticks: list[float], most: int) -> list[float]:
    while len(ticks) > most:
        ticks = ticks[::-1][::2][::-1]
    return ticks
