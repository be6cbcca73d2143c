"""The story that a report tells: plain values that whoever ran the search fills in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from haoqi.data.answers import AnswerKind
from haoqi.evaluate.advice import Advice
from haoqi.evaluate.evidence import Evidence
from haoqi.evaluate.headline import Headline, headline
from haoqi.explore.plans.reason import Reason


@dataclass(frozen=True)
class Champion:
    """The experiment whose model was released."""

    number: int
    words: str
    """The plan as a person reads it on one line."""
    method: str
    base: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ from the method's defaults."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What became of an experiment, and by which paired test."""

    decision: str
    """"crowned", "faster" (it stands in for the champion), "kept", "close" (to be repeated), or "failed"."""
    difference: float | None = None
    """Challenger minus the champion of that moment, in the deciding metric."""
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    against: int | None = None
    """Number of the experiment that was champion then."""
    retested: bool = False
    """Whether both were cross-validated on more examples, since it was close."""
    chance_better: float | None = None
    """The chance to be better that crowned it, with what other data sets know, where the examples left it open."""
    selection_bias: float | None = None
    """What was taken off the champion's score for that, since the same examples had chosen it; None: nothing."""


@dataclass(frozen=True)
class Row:
    """One experiment."""

    number: int
    words: str
    method: str
    base: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0
    """Share of the training examples that was used, in (0, 1]."""
    seed: int = 0
    recipe: tuple[tuple[str, Any], ...] = ()
    """What was done to the training examples first: names of recipes with their settings."""
    role: str = "explore"
    """"explore", "verify" or "reflect"."""
    why: Reason | None = None
    score: float | None = None
    """None: it failed."""
    low: float | None = None
    high: float | None = None
    expected: float | None = None
    """What was believed before."""
    doubt: float = 0.0
    """Standard deviation of that belief."""
    expected_seconds: float = 0.0
    """What it was believed to take; 0: nothing was recorded."""
    seconds: float = 0.0
    error: str = ""
    verdict: Verdict | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    """Every metric by name."""
    lesson: int | None = None
    """Place, from 0, in `Story.lessons` of the lesson that it tests."""

    @property
    def plan(self) -> tuple[Any, ...]:
        """What is the same for all seeds of one plan."""
        settings = tuple(sorted((k, str(v)) for k, v in self.settings.items()))
        return (self.method, self.base, settings, self.share, str(self.recipe))


@dataclass(frozen=True)
class Step:
    """The state of knowledge after one experiment."""

    step: int
    """The experiment's number."""
    spent_seconds: float
    score: float | None
    """I(t): the champion's validated score; None before there is one."""
    gain: float = 0.0
    role: str = "explore"
    plan: str = ""
    champion: int | None = None
    alpha: float = 0.0
    beta: float = 1.0


@dataclass(frozen=True)
class Comparison:
    """A paired test of the released plan against another."""

    number: int
    """The other experiment."""
    difference: float
    """Champion minus the other, in the deciding metric."""
    low: float
    high: float
    p_value: float
    retested: bool = False
    """Whether it is of cross-validation on training and validation examples, not of the validation examples alone."""


@dataclass(frozen=True)
class Lesson:
    """A claim about why the champion failed, and what its tests said."""

    kind: str
    """Name of the reflection; the texts hold its sentence."""
    claim: str
    """The sentence in English, for kinds that the texts do not know."""
    decision: str = "untested"
    """"confirmed", "refuted", "undecided" or "untested"."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[tuple[int, str], ...] = ()
    """(row in the source, from 0; text)."""
    plans: tuple[str, ...] = ()
    """What tests it, in words."""
    gain: float = 0.0
    """Expected before, in `measure`."""
    doubt: float = 0.0
    measure: str = "metric"
    """"metric", "brier", or the name of a probe."""
    number: int | None = None
    """The experiment that decided."""
    against: int | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    tests: int = 0
    """Plans tested for lessons up to this one."""
    raised: int | None = None
    """Number of the experiment after which it was raised first."""
    concluded: int | None = None
    """Number of the experiment after which its verdict fell."""


@dataclass(frozen=True)
class Story:
    """All that a report says, before it is a page."""

    name: str
    task: str
    kind: AnswerKind
    """The facts of the answers."""
    labels: tuple[str, ...]
    metric: str
    """The deciding metric."""
    champion: Champion
    test: Evidence | None = None
    """On the untouched test split."""
    valid: Evidence | None = None
    """On the examples that decided."""
    experiments: tuple[Row, ...] = ()
    """In the order in which they were run."""
    curve: tuple[Step, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    """In the order in which they were raised."""
    alpha: float = 0.05
    """The p-value below which a difference counts."""
    comparisons: tuple[Comparison, ...] = ()
    """The champion against other plans, where known; otherwise the verdicts speak."""
    card: Mapping[str, Any] = field(default_factory=dict)
    """The data card, plain."""
    version: int | None = None
    metrics: tuple[str, ...] = ()
    """The other metrics."""
    created: str = ""
    """Date and time, as it is to be read."""
    language: str | None = None
    """"en" or "zh": the language that the page opens in; None: the browser's."""
    corrected: float | None = None
    """The champion's score on the examples that decided, less what choosing by them flatters it."""
    folds: int = 0
    """Folds of the cross-validation that decided; 0: a validation split did."""
    learnt_from: int = 0
    """Examples that the released model learnt from: more than it was judged after, where it was fitted again."""
    ended: str = ""
    """Why the search ended: "budget", "steps", "exhausted", "worth", "stopped", or a sentence."""
    advice: Advice | None = None
    """What could be done next, in one currency."""
    promotion: Mapping[str, Any] = field(default_factory=dict)
    """Which version answers: promoted, answers, why_not and facts; empty: this one."""
    notes: tuple[str, ...] = ()
    """Remarks that belong on the page: warnings, guesses that were made."""
    command: str = ""
    """The command line that repeats the run."""
    settings: str = ""
    """run.yaml as it was resolved."""
    digest: str = ""
    """The ledger's last digest."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Versions by name."""
    seed: int = 0
    hardware: str = ""
    """The machine on one line."""

    @cached_property
    def headline(self) -> Headline | None:
        """What is told first of the released model; None where nothing was scored."""
        found = {"test": self.test if self.tested else None, "valid": self.valid}
        return headline({split: one.to_plain() for split, one in found.items() if one is not None}, self.metric)

    @property
    def shown(self) -> Evidence | None:
        """The evidence that the page is about: where the score comes from that leads."""
        return self.test if self.headline and self.headline.lead.split == "test" else self.valid

    @property
    def tested(self) -> bool:
        """Whether there was a test split to score on."""
        return self.test is not None and self.test.examples > 0
