"""What a run tells whoever looks on: the command line's live view, plain lines, JSON, the studio.

Events carry plain values and are for eyes only; what must be remembered is in the ledger. Their texts are strings in
English; those that are a `core.say.Sentence` have words in every language, and JSON tells their key and facts, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from haoqi.core.say import Sentence, saved


@dataclass(frozen=True)
class Stage:
    """A part of the run begins: reading, preparing, exploring, releasing."""

    name: str
    note: str = ""


@dataclass(frozen=True)
class Note:
    """A sentence that a person should see: what was guessed, what was left out."""

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Trying:
    """An experiment begins."""

    number: int
    plan: str
    """The plan in words."""
    why: str
    expected_seconds: float | None = None


@dataclass(frozen=True)
class Advanced:
    """Work under way has come further."""

    share: float
    """Of the present stage or experiment, in [0, 1]."""
    note: str = ""


@dataclass(frozen=True)
class Tried:
    """An experiment ended."""

    number: int
    plan: str
    metric: str
    score: float | None
    """The metric's own value; None: it failed."""
    low: float | None
    high: float | None
    seconds: float
    verdict: str
    """What became of it, in words: "new champion", "not better", or why it failed."""
    champion: bool
    greater_is_better: bool = True
    """Of the metric."""

    @property
    def merits(self) -> tuple[float | None, float | None, float | None]:
        """The lower end, the score and the higher end, turned so that more is better."""
        if self.greater_is_better:
            return self.low, self.score, self.high
        low, score, high = (None if one is None else -one for one in (self.high, self.score, self.low))
        return low, score, high


@dataclass(frozen=True)
class Clock:
    """How much of the budget is spent."""

    spent_seconds: float
    budget_seconds: float | None
    steps: int
    budget_steps: int | None


@dataclass(frozen=True)
class Ended:
    """The search is over; what was found is released next."""

    reason: str
    """"budget", "steps", "exhausted", "worth" or "stopped"."""
    spent_seconds: float
    budget_seconds: float | None
    needed_seconds: float | None = None
    """What the shortest plan that was not tried takes; None: there is none."""


@dataclass(frozen=True)
class Released:
    """A release was published."""

    name: str
    version: int
    folder: str
    metric: str
    score: float
    """Of the estimate that leads; `headline` says on what it rests."""
    low: float
    high: float
    report: str
    new: bool = True
    """False: the run had ended, and what it released then still is its best."""
    headline: Mapping[str, Any] = field(default_factory=dict)
    """The estimate that leads and the one beside it, plain: split, score, examples, labels that were not tested."""
    promoted: bool = True
    """Whether it answers to the bare name."""
    answers: int | None = None
    """The version that does, where that is another."""
    why_not: str = ""
    """The kind of reason for that: other_task, other_labels, other_scale, lower_score, as_said or answered_before."""
    promotion: Mapping[str, Any] = field(default_factory=dict)
    """What the reason rests on; or which version answered before, where that was learnt from other data."""

    pairs: bool = False
    """Whether it answers two texts at a time."""
    marked: bool = False
    """Whether it answers what holds between two marked stretches of a text."""
    hints: tuple[str, ...] = ()
    """What a person should know before all else: that there was no base, or no time for the methods that mostly win."""

    @property
    def standing(self) -> dict[str, Any]:
        """Which version answers now and why, as the report puts it into words."""
        answers = {"promoted": self.promoted, "answers": self.answers}
        return {**answers, "why_not": self.why_not, "facts": self.promotion}


Event = Stage | Note | Trying | Advanced | Tried | Clock | Ended | Released
Listen = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listen to an event and do nothing."""


def as_plain(event: Event) -> dict[str, Any]:
    """Return an event as what JSON can hold, its kind under "event"."""
    plain = {"event": type(event).__name__.lower(), **asdict(event)}
    said = {name: saved(value) for name, value in plain.items() if isinstance(value, Sentence)}
    return {**plain, "said": said} if said else plain
