"""The day-book of a run: its experiments in order, each with what was known before it and what followed from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record.history import Verdict
from haoqi.explore.record.knowledge_curve import CurvePoint
from haoqi.report.story import RaisedLesson, Story

SURPRISING = 2.0
"""An outcome so many standard deviations from the belief is a surprise: an honest belief meets one in twenty."""

TOLD_SURPRISES = 5
"""So many surprises, the largest, are turning points."""

CROWNED = ("crowned", "faster")
"""Verdicts that make a champion: it is better, or as good and faster."""

SHORT = 6
"""A run of at most so many experiments is told in full."""


@dataclass(frozen=True)
class Entry:
    """One experiment, between what was known before and what was learnt from it."""

    experiment: Experiment
    verdict: Verdict | None = None
    """What became of it; None: it was not judged."""
    level: float | None = None
    """The champion's score before it; None: there was no champion."""
    after: CurvePoint | None = None
    raised: tuple[RaisedLesson, ...] = ()
    """Lessons that were first raised after it."""
    concluded: tuple[RaisedLesson, ...] = ()
    """Lessons whose verdict fell after it."""
    tests: RaisedLesson | None = None
    """The lesson that it tests."""
    repeated: bool = False
    """Whether the next experiment ran the same plan with another seed."""

    @property
    def changed(self) -> bool:
        """Whether it made a champion, or taught a lesson."""
        crowned = self.verdict is not None and self.verdict.decision in CROWNED
        return crowned or bool(self.raised or self.concluded)


def entries(story: Story) -> list[Entry]:
    """Return a run's experiments as entries, in their order."""
    steps = {step.step: step for step in story.curve}
    found: list[Entry] = []
    level: float | None = None
    for place, experiment in enumerate(story.experiments):
        later = story.experiments[place + 1 : place + 2]
        number, key = experiment.number, experiment.plan.key
        after = steps.get(number)
        found.append(
            Entry(
                experiment,
                story.verdict_of(experiment),
                level,
                after,
                raised=tuple(lesson for lesson in story.lessons if lesson.raised == number),
                concluded=tuple(lesson for lesson in story.lessons if lesson.concluded == number),
                tests=next((lesson for lesson in story.lessons if number in lesson.tested_by), None),
                repeated=any(one.role == "verify" and one.plan.key == key for one in later),
            )
        )
        level = after.score if after else level
    return found


def turning_points(found: Sequence[Entry]) -> set[int]:
    """Return the numbers of the experiments that are told in full: what changed something, and the great surprises."""
    if len(found) <= SHORT:
        return {entry.experiment.number for entry in found}
    odd = [entry.experiment for entry in found if abs(deviations(entry.experiment) or 0.0) >= SURPRISING]
    odd.sort(key=lambda one: (-abs(deviations(one) or 0.0), one.number))
    changed = {entry.experiment.number for entry in found if entry.changed}
    return changed | {one.number for one in odd[:TOLD_SURPRISES]}


def chapters(found: Sequence[Entry]) -> list[tuple[bool, list[Entry]]]:
    """Return the entries in their order, cut where turning points begin and end, and whether a part is of those."""
    told = turning_points(found)
    return [
        (turning, list(part)) for turning, part in groupby(found, key=lambda entry: entry.experiment.number in told)
    ]


def deviations(experiment: Experiment) -> float | None:
    """Return how many standard deviations an outcome was above its belief; None where there was none, or no outcome.

    >>> from haoqi.explore.plans.plan import Plan
    >>> deviations(Experiment(Plan("knn"), 0.9, expected=0.8, doubt=0.05))
    2.0
    """
    if experiment.score is None or experiment.expected is None or experiment.doubt <= 0:
        return None
    return round((experiment.score - experiment.expected) / experiment.doubt, 6)
