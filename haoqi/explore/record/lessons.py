"""Lessons: claims of reflection with their evidence, the plans that test them, and what became of them."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from haoqi.evaluate.comparison import Comparison
from haoqi.explore.plans.plan import Plan, Recipe, read_recipe

ALPHA = 0.05
"""The level of each lesson, shared among its plans; that a lesson holds promotes no plan: the champion test does."""

LONGEST = 300
"""Characters of an example's text that a lesson keeps."""

MOST_EXAMPLES = 10

BRIER = "brier"
"""The measure of how honest probabilities are, more being better; all others are in the deciding metric."""

SHORT = 0.5
"""A lesson that surely brings less than this share of the gain it promised is refuted."""


@dataclass(frozen=True)
class Lesson:
    """What a reflection claims, why, and which experiments would show it right or wrong."""

    kind: str
    """Name of the reflection."""
    claim: str
    """One English sentence with the numbers in it; in every language where its reflection has the words."""
    parent: Plan
    """The champion's plan when the lesson was raised: what its plans derive from and are compared with."""
    plans: tuple[Plan, ...]
    """One to three plans that test it, the likeliest first."""
    gain: float
    """Expected gain of the best of them, in `measure`."""
    doubt: float
    """Standard deviation of that expectation."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Numbers and names, plain; a name that ends in share is a share of 1."""
    examples: tuple[tuple[int, str], ...] = ()
    """(row in the source, text) of some examples that show it."""
    subject: str = ""
    """What it is about, where a reflection can raise several: a label, a token, a kind of probe."""
    measure: str = "metric"
    """What the test measures: "metric" (the task's first, on the judged examples), "brier" (how honest the
    probabilities are, there), or the name of a probe (the metric on the validation texts so changed)."""
    words: tuple[str, ...] = ()
    """What the probe hides, where it hides words."""
    heeded: Recipe = ()
    """The recipe of all trainings, too costly to be tried both ways, until the test of one refutes it."""

    @property
    def key(self) -> str:
        """A name that is the same whenever the same lesson is raised in a run, whatever its numbers."""
        return hashlib.sha256(json.dumps([self.kind, self.subject]).encode()).hexdigest()[:12]

    def as_plain(self) -> dict[str, Any]:
        """Return what JSON can hold and `from_plain` reads, numbers rounded."""
        return {"key": self.key, **_rounded(asdict(self))}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Lesson":
        """Return the lesson that `as_plain` described."""
        found = {name: value for name, value in plain.items() if name != "key"}
        found["parent"] = Plan.from_plain(found["parent"])
        found["plans"] = tuple(Plan.from_plain(one) for one in found["plans"])
        found["heeded"] = read_recipe(found.get("heeded", ()))
        found["examples"] = tuple((int(row), str(text)) for row, text in found["examples"])
        return cls(**{**found, "words": tuple(found["words"])})


@dataclass(frozen=True)
class LessonVerdict:
    """What the tests of a lesson said."""

    lesson: str
    """The lesson's key."""
    decision: str
    """"confirmed", "refuted" or "undecided"."""
    experiment: int | None
    """Number of the experiment that decided, or came nearest to it; None: no plan of it could be judged."""
    against: int | None
    """Number of the experiment it was compared with."""
    difference: float | None = None
    """Of the two, in the lesson's measure."""
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    alpha: float | None = None
    """The p-value below which a gain counted: alpha shared among the lesson's plans."""
    tests: int = 0
    """Plans tested for lessons in this run so far, these included: of so many at alpha, some pass by chance."""


def decide_lesson(found: Sequence[Comparison | None], gain: float, alpha: float) -> tuple[str, int | None]:
    """Return whether the tests of a lesson's plans confirm it, and the place of the telling one.

    Confirmed: a plan is better than what it derives from, the p-value below alpha. Refuted: every plan
    was judged, and even the upper end of each one's interval falls short of half the gain that was promised,
    or is below 0. Else undecided.

    Args:
        found: the paired test of each plan against its parent; None: it could not be judged.
        gain: what the lesson promised.
        alpha: already shared among the plans (Bonferroni, since the best of them speaks for the lesson).

    >>> decide_lesson([Comparison(0.03, 0.01, 0.05, 0.004)], gain=0.02, alpha=0.05)
    ('confirmed', 0)
    >>> decide_lesson([Comparison(-0.01, -0.03, 0.01, 0.3)], gain=0.02, alpha=0.05)
    ('refuted', 0)
    >>> decide_lesson([Comparison(0.01, -0.02, 0.04, 0.5)], gain=0.02, alpha=0.05)
    ('undecided', 0)
    """
    known = [place for place, one in enumerate(found) if one is not None]
    if not known:
        return "undecided", None

    def tested(place: int) -> Comparison:
        one = found[place]
        assert one is not None
        return one

    best = min(
        known, key=lambda place: (tested(place).difference <= 0, tested(place).p_value, -tested(place).difference)
    )
    if tested(best).better(alpha):
        return "confirmed", best
    short = len(known) == len(found) and all(tested(place).high < max(0.0, SHORT * gain) for place in known)
    return ("refuted" if short else "undecided"), best


def clipped(examples: Sequence[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """Return at most ten examples, long texts cut."""
    return tuple((int(row), text if len(text) <= LONGEST else f"{text[:LONGEST]}…") for row, text in examples)[
        :MOST_EXAMPLES
    ]


def _rounded(value: Any) -> Any:
    """Return plain values, floats to six digits so that equal runs write equal ledgers, and None for what is none."""
    if isinstance(value, Mapping):
        return {str(key): _rounded(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(member) for member in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
