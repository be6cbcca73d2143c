"""Plans and experiments: what could be tried, and what came of it."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Plan:
    """A method with its settings, a base and a data recipe, at a fidelity and a seed."""

    method: str
    base: str | None = None
    settings: tuple[tuple[str, Any], ...] = ()
    """Settings that differ from the method's defaults, sorted by name."""
    share: float = 1.0
    """Fidelity: the share of the training examples that is used, in (0, 1]."""
    seed: int = 0

    @property
    def key(self) -> str:
        """A short name for the plan, the same for all of its seeds."""
        text = json.dumps(asdict(replace(self, seed=0)), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def varied(self) -> dict[str, Any]:
        """The settings that differ from the method's defaults."""
        return dict(self.settings)

    def words(self) -> str:
        """Return the plan as a person reads it on one line."""
        parts = [f"{self.method.replace('_', '-')}{f' of {self.base}' if self.base else ''}"]
        parts += [f"{name.replace('_', ' ')} {_short(value)}" for name, value in self.settings]
        if self.share < 1:
            parts.append(f"{self.share:.0%} of the examples")
        if self.seed:
            parts.append(f"seed {self.seed}")
        return ", ".join(parts)

    @classmethod
    def of(cls, method: str, base: str | None = None, settings: Mapping[str, Any] | None = None, **rest: Any) -> "Plan":
        """Return a plan from settings in any order."""
        return cls(method, base, tuple(sorted((settings or {}).items())), **rest)

    @classmethod
    def from_plain(cls, found: Mapping[str, Any]) -> "Plan":
        """Return the plan that `asdict` and JSON made plain."""
        settings = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in found["settings"])
        return cls(found["method"], found["base"], settings, found["share"], found["seed"])


@dataclass(frozen=True)
class Experiment:
    """A plan that was run, with what it scored and what it cost."""

    plan: Plan
    score: float | None
    """On the validation examples, in the task's first metric; None: it failed."""
    expected: float | None = None
    """What the belief said before."""
    doubt: float = 0.0
    """The belief's standard deviation before."""
    number: int = 0
    low: float | None = None
    high: float | None = None
    scores: dict[str, float] = field(default_factory=dict)
    """Every metric of the task."""
    seconds: float = 0.0
    cut: bool = False
    """Whether the budget ended it before its own time, so that its seconds say little of its speed."""
    work: float = 0.0
    """What it takes on the machine that costs were measured on, in seconds: no clock has a part in it."""
    error: str = ""
    notes: tuple[str, ...] = ()
    """What its fit had to say: that memory was short."""
    why: str = ""
    role: str = "explore"
    """"explore", or "verify" where a close call is repeated."""

    @property
    def surprise(self) -> float:
        """How far the outcome was from the belief; 0 where there was none."""
        return 0.0 if self.score is None or self.expected is None else abs(self.score - self.expected)


def distance(one: Plan, other: Plan) -> float:
    """Return how different two plans are: 0 for the same one, at most 1.

    Another method counts most, then another base; settings count by how many differ and how much, the
    share of examples by its ratio.
    """
    if one.method != other.method:
        return 1.0
    far = 0.3 if one.base != other.base else 0.0
    mine, yours = one.varied, other.varied
    names = mine.keys() | yours.keys()
    if names:
        far += 0.4 * sum(_apart(mine.get(name), yours.get(name)) for name in names) / len(names)
    return min(1.0, far + 0.1 * abs(math.log(one.share / other.share)))


def _apart(one: Any, other: Any) -> float:
    """Return how far two values of a setting are apart, in [0, 1]; numbers by their ratio."""
    if one == other:
        return 0.0
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool) and value > 0 for value in (one, other)
    )
    return min(1.0, abs(math.log(one / other)) / math.log(10)) if numbers else 1.0


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
