"""Next steps in one currency: what each would gain, with an interval, and what it costs a person and the machine.

A minute is a minute, a person's or the machine's, and is worth the gain that a search asks of one (`--worth`). A
person's minutes are asked for only where even the lower end of the interval pays for them; the machine goes on where
the expectation does, as it does within a search.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.folder import read_json, write_json
from haoqi.core.say import restored, saved

LEVEL = 0.8
"""How sure it is that a gain lies within its interval."""

FILE = "advice.json"
"""In a release's folder."""

STOP = "stop"

NO_BASE = "bigger_base_missing"
"""The reason of the step that comes before all others: the run had no pretrained base, and it would gain by one."""


@dataclass(frozen=True)
class ChosenRow:
    """A text that a person is asked to look at."""

    row: int
    """In the source, from 0."""
    text: str
    label: str = ""
    """As it stands in the source; "" where it has none."""
    instead: str = ""
    """What models say of it."""
    doubt: float = 0.0
    """How unsure they are of it, or of its label, in [0, 1]."""


@dataclass(frozen=True)
class NextStep:
    """Something that could be done next, what it would gain, and what it costs."""

    kind: str
    """Its name, a file of `explore/next_steps/`."""
    reason: str
    """The name of the sentence that says why; the report's texts hold it."""
    gain: float | None = None
    """Expected, in the task's first metric, on texts like those of the test split; None: it is unknown."""
    low: float | None = None
    """Lower end of the 80 % interval of what is gained in the end."""
    high: float | None = None
    human_seconds: float = 0.0
    compute_seconds: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What fills the sentences' gaps: plain numbers, names and lists of names."""
    rows: tuple[ChosenRow, ...] = ()
    """The texts that it is about, the most telling first."""

    @property
    def minutes(self) -> float:
        """What it costs, people's time and the machine's together."""
        return (self.human_seconds + self.compute_seconds) / 60

    def per_minute(self, seconds: float) -> float | None:
        """Return the expected gain for each minute of so many seconds; None where it costs none, or is not known."""
        return None if self.gain is None or seconds <= 0 else self.gain / (seconds / 60)

    def pays(self, worth: float) -> bool:
        """Return whether it is worth its price, a minute being worth this gain."""
        sure = self.low if self.human_seconds > 0 else self.gain
        return sure is not None and sure > 0 and sure >= worth * self.minutes


@dataclass(frozen=True)
class Advice:
    """What could be done next, the step to take first."""

    metric: str
    """The task's first, in which gains are counted."""
    score: float
    """The champion's, on the examples that decided: the metric's own value."""
    steps: tuple[NextStep, ...]
    """Ranked: those that pay by their gain per minute, then stopping, then the rest."""
    worth: float = 0.0
    """The gain that a minute must promise."""
    seconds: float = 0.0
    """What finding it out took."""
    greater_is_better: bool = True
    """Of the metric; gains are above 0 where it gets better, whichever way it counts."""

    @property
    def best(self) -> NextStep:
        """The step to take; stopping, where nothing pays."""
        return self.steps[0]

    def step(self, kind: str) -> NextStep:
        """Return the step of a kind.

        Raises:
            UserError: if there is none.
        """
        from haoqi.core.errors import unknown

        name = kind.replace("-", "_")
        found = next((one for one in self.steps if one.kind == name), None)
        if found is None:
            raise unknown("step", kind, [one.kind for one in self.steps])
        return found

    def as_plain(self) -> dict[str, Any]:
        """Return what JSON can hold and `from_plain` reads."""
        return {**asdict(self), "steps": [asdict(one) for one in self.steps]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Advice":
        """Return what `as_plain` made plain."""
        steps = [NextStep(**{**one, "rows": tuple(ChosenRow(**row) for row in one["rows"])}) for one in plain["steps"]]
        return cls(**{**plain, "steps": tuple(steps)})

    def write(self, folder: Path) -> None:
        """Write it into a release's folder, whole or not at all."""
        write_json(folder / FILE, saved(self.as_plain()))

    @classmethod
    def read(cls, folder: Path, name: str) -> "Advice":
        """Return what lies in a release's folder.

        Raises:
            UserError: if nothing does, or it is damaged.
        """
        again = "run the same `haoqi improve` again: it is found out anew"
        if not (folder / FILE).is_file():
            raise UserError(f"{name} came with no next steps", again)
        try:
            return cls.from_plain(restored(read_json(folder / FILE)))
        except (KeyError, TypeError):
            raise UserError(f"{folder / FILE} is damaged", again) from None


def ranked(steps: Sequence[NextStep], worth: float) -> tuple[NextStep, ...]:
    """Return steps in the order in which to think of them.

    First the base that a run was without, if it is expected to gain by it; then those that pay, by expected gain per
    minute; then stopping; then those that do not; last those whose gain is unknown.

    Args:
        steps: of different kinds.
        worth: the gain that a minute must promise.
    """

    def key(step: NextStep) -> tuple[int, float, str]:
        if step.reason == NO_BASE and step.gain:
            return -1, 0.0, step.kind
        place = 0 if step.pays(worth) else 1 if step.kind == STOP else 2 if step.gain is not None else 3
        return place, -(step.gain or 0.0) / max(step.minutes, 1 / 60), step.kind

    return tuple(sorted(steps, key=key))


def bounded(step: NextStep, score: float, merits: tuple[float, float] = (0.0, 1.0)) -> NextStep:
    """Return a step that promises no score above the best that there is, nor threatens an impossible one.

    Args:
        step: with gains over a score.
        score: the one that it starts from.
        merits: the least and the greatest score that there can be, higher being better.
    """

    def within(gain: float | None) -> float | None:
        return None if gain is None else min(max(gain, merits[0] - score), max(0.0, merits[1] - score))

    return replace(step, gain=within(step.gain), low=within(step.low), high=within(step.high))


def rounded(step: NextStep) -> NextStep:
    """Return a step whose numbers have six digits, so that equal runs write equal ledgers."""
    shortened = {
        name: _short(getattr(step, name)) for name in ("gain", "low", "high", "human_seconds", "compute_seconds")
    }
    rows = tuple(replace(row, doubt=_short(row.doubt)) for row in step.rows)
    return replace(step, **shortened, evidence=_short(step.evidence), rows=rows)


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _short(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_short(member) for member in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
