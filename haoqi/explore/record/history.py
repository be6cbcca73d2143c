"""The history of a run: all it knows of what it tried, read from the ledger, its only state."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.ledger import Entry, Ledger
from haoqi.core.say import restored, saved, say
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.record.earlier_ledgers import read_reason, rename_verdict
from haoqi.explore.record.lessons import Lesson, LessonVerdict

# What a clock said of an experiment; it is kept apart, so that equal runs have equal ledgers.
_TIMED = ("seconds", "cut", "expected_seconds")


@dataclass(frozen=True)
class Verdict:
    """What became of a challenger, and why."""

    experiment: int
    """Number of the challenger's experiment."""
    decision: str
    """"crowned", "faster" (as good as its teacher, and champion instead), "kept" (the champion stays), "close" (to be
    repeated), or "failed"."""
    champion: int | None
    """Number of the champion's experiment after this verdict."""
    score: float | None
    """The champion's validated score after this verdict: I(t)."""
    difference: float | None = None
    """Challenger minus champion, in the task's first metric, over all their seeds."""
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    against: int | None = None
    """Number of the experiment that was champion before."""
    alpha: float | None = None
    """The p-value below which it is crowned: its stake of the run's alpha; None: it was not put to this test."""
    retested: bool = False
    """Whether it was close on the validation examples, so that cross-validation on more decided: see `retest`."""
    chance_better: float | None = None
    """The chance to be better that crowned it, with what other data sets know; None: no such chance decided."""
    selection_bias: float | None = None
    """What was taken off the champion's score for that, see `promotion.selection_bias`; None: nothing."""


class History:
    """Experiments and verdicts of one run, in order; opening it again resumes it.

    Args:
        ledger: where the run is recorded.
        run: its name in the ledger.
    """

    def __init__(self, ledger: Ledger, run: str) -> None:
        self.ledger = ledger
        self.run = run
        ledger.verify(run)
        entries = ledger.entries(run)
        self.experiments: list[Experiment] = [_experiment(e) for e in entries if e.kind == "experiment"]
        self.verdicts: list[Verdict] = [Verdict(**rename_verdict(e.body)) for e in entries if e.kind == "verdict"]
        self.lessons: list[Lesson] = [Lesson.from_plain(restored(e.body)) for e in entries if e.kind == "lesson"]
        self.lesson_verdicts: list[LessonVerdict] = [
            LessonVerdict(**e.body) for e in entries if e.kind == "lesson_verdict"
        ]
        self.thought_seconds: float = sum(e.timing.get("seconds", 0.0) for e in entries if e.kind == "reflection")
        """What looking for lessons took, their tests apart."""
        self.spent_seconds: float = max((e.timing.get("spent", 0.0) for e in entries), default=0.0)
        self._once = {e.kind: e for e in entries}

    def note(self, kind: str, body: dict[str, Any], **timing: float) -> Entry:
        """Record anything that is neither an experiment nor a verdict."""
        entry = self.ledger.add(self.run, kind, saved(body), timing)
        self._once[kind] = entry
        return entry

    def last(self, kind: str) -> Entry | None:
        """Return the latest entry of a kind, or None."""
        return self._once.get(kind)

    def add(self, experiment: Experiment, *, spent: float) -> Experiment:
        """Record an experiment and return it with its number."""
        numbered = replace(experiment, number=len(self.experiments) + 1)
        body = saved(asdict(numbered))
        timing = {name: body.pop(name) for name in _TIMED}
        self.ledger.add(self.run, "experiment", body, {**timing, "spent": spent})
        self.experiments.append(numbered)
        self.spent_seconds = spent
        return numbered

    def judge(self, verdict: Verdict, *, spent: float) -> None:
        """Record a verdict."""
        self.ledger.add(self.run, "verdict", asdict(verdict), {"spent": spent})
        self.verdicts.append(verdict)
        self.spent_seconds = spent

    def learn(self, lesson: Lesson, *, spent: float) -> None:
        """Record a lesson that is still to be tested."""
        self.ledger.add(self.run, "lesson", saved(lesson.as_plain()), {"spent": spent})
        self.lessons.append(lesson)

    def conclude(self, verdict: LessonVerdict, *, spent: float) -> None:
        """Record what became of a lesson."""
        self.ledger.add(self.run, "lesson_verdict", asdict(verdict), {"spent": spent})
        self.lesson_verdicts.append(verdict)

    def add_reflection(self, body: dict[str, Any], *, seconds: float, spent: float) -> None:
        """Record that lessons were looked for, and how long it took."""
        self.note("reflection", body, seconds=seconds, spent=spent)
        self.thought_seconds += seconds

    @property
    def open_lessons(self) -> list[Lesson]:
        """Lessons without a verdict that were raised of the champion as it is, the most promising first."""
        concluded = {verdict.lesson for verdict in self.lesson_verdicts}
        latest = {lesson.key: lesson for lesson in self.lessons}
        best = self.champion
        return [
            lesson
            for lesson in self.lessons
            if lesson is latest[lesson.key]
            and lesson.key not in concluded
            and best is not None
            and lesson.parent.key == best.plan.key
        ]

    @property
    def champion(self) -> Experiment | None:
        """The best verified experiment so far."""
        number = self.verdicts[-1].champion if self.verdicts else None
        return None if number is None else self.experiments[number - 1]

    def found(self) -> Experiment:
        """Return the champion.

        Raises:
            UserError: if every plan failed, or none was run.
        """
        if self.champion is not None:
            return self.champion
        failed = [experiment for experiment in self.experiments if experiment.error]
        if failed:
            count = len(self.experiments)
            raise UserError(say("found.none", count=count), say("found.none.hint", reason=failed[0].failure()))
        raise UserError(say("found.nothing_tried"), say("found.nothing_tried.hint"))

    @property
    def alone(self) -> list[Experiment]:
        """The experiments of plans with a method: an ensemble says nothing of others."""
        return [one for one in self.experiments if one.plan.method != ENSEMBLE]

    def leading(self) -> Experiment:
        """Return the champion, or where that is an ensemble the experiment of its weightiest member: what has a method.

        Raises:
            UserError: if there is no champion.
        """
        best = self.found()
        return next(one for one in self.seeds_of(best.plan.members[0][0]))

    @property
    def unjudged(self) -> Experiment | None:
        """An experiment whose verdict is missing, because the process was killed between the two."""
        return self.experiments[-1] if len(self.experiments) > len(self.verdicts) else None

    @property
    def champion_score(self) -> float | None:
        """I(t): the champion's validated score, over all its seeds."""
        return self.verdicts[-1].score if self.verdicts else None

    def seeds_of(self, plan: Plan) -> Sequence[Experiment]:
        """Return the experiments that ran this plan, whatever their seeds, those that failed left out."""
        return [e for e in self.experiments if e.plan.key == plan.key and e.score is not None]


def _experiment(entry: Entry) -> Experiment:
    timing = {name: entry.timing[name] for name in _TIMED if name in entry.timing}
    body = entry.body
    notes = tuple(found for one in body.get("notes", ()) if (found := read_reason(one)))
    told = {topic: read_reason(body.get(topic), topic) for topic in ("why", "error")}
    return Experiment(**{**body, **timing, "plan": Plan.from_plain(body["plan"]), "notes": notes, **told})
