"""The story that a report tells: what the rooms below know of a run, gathered for the sections."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from haoqi.evaluate.advice import Advice
from haoqi.evaluate.comparison import Comparison
from haoqi.evaluate.evidence import Evidence
from haoqi.evaluate.headline import Headline, headline
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record.history import Verdict
from haoqi.explore.record.knowledge_curve import CurvePoint
from haoqi.explore.record.lessons import Lesson, LessonVerdict
from haoqi.tasks.task import Task


@dataclass(frozen=True)
class PairedTest:
    """The released plan against another."""

    number: int
    """The other experiment."""
    found: Comparison
    """Champion minus the other, in merits of the deciding metric."""
    retested: bool = False
    """Whether it is of cross-validation on training and validation examples, not of the validation examples alone."""


@dataclass(frozen=True)
class RaisedLesson:
    """A lesson as it was raised last, with what became of it, and when: the ledger alone knows that."""

    lesson: Lesson
    verdict: LessonVerdict | None = None
    """None: nothing was tested for it."""
    raised: int | None = None
    """Number of the experiment after which it was raised first."""
    concluded: int | None = None
    """Number of the experiment after which its verdict fell."""
    tested_by: tuple[int, ...] = ()
    """Numbers of the experiments that tested it."""

    @property
    def decision(self) -> str:
        """ "confirmed", "refuted", "undecided" or "untested"."""
        return "untested" if self.verdict is None else self.verdict.decision


@dataclass(frozen=True)
class Story:
    """All that a report says, before it is a page; scores and differences are merits, of which more is better."""

    name: str
    task: Task
    champion: Experiment
    """The experiment whose model was released."""
    test: Evidence | None = None
    """On the untouched test split."""
    valid: Evidence | None = None
    """On the examples that decided."""
    experiments: tuple[Experiment, ...] = ()
    """In the order in which they were run."""
    verdicts: tuple[Verdict, ...] = ()
    """What became of them, in any order."""
    curve: tuple[CurvePoint, ...] = ()
    lessons: tuple[RaisedLesson, ...] = ()
    """In the order in which they were raised."""
    alpha: float = 0.05
    """The p-value below which a difference counts."""
    comparisons: tuple[PairedTest, ...] = ()
    """The champion against other plans, where known; otherwise the verdicts speak."""
    card: Mapping[str, Any] = field(default_factory=dict)
    """The data card, plain."""
    version: int | None = None
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

    @property
    def metric(self) -> str:
        """Name of the deciding metric."""
        return self.task.metric.name

    def verdict_of(self, experiment: Experiment) -> Verdict | None:
        """Return what became of an experiment; None where it was not judged."""
        return self._verdicts.get(experiment.number)

    @cached_property
    def _verdicts(self) -> dict[int, Verdict]:
        return {verdict.experiment: verdict for verdict in reversed(self.verdicts)}

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
