"""The day-book of a run: its experiments in order, each with what was known before it and what followed from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from haoqi.report.story import Lesson, Row, Step, Story

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

    row: Row
    level: float | None = None
    """The champion's score before it; None: there was no champion."""
    after: Step | None = None
    raised: tuple[Lesson, ...] = ()
    """Lessons that were first raised after it."""
    concluded: tuple[Lesson, ...] = ()
    """Lessons whose verdict fell after it."""
    repeated: bool = False
    """Whether the next experiment ran the same plan with another seed."""

    @property
    def changed(self) -> bool:
        """Whether it made a champion, or taught a lesson."""
        crowned = self.row.verdict is not None and self.row.verdict.decision in CROWNED
        return crowned or bool(self.raised or self.concluded)


def entries(story: Story) -> list[Entry]:
    """Return a run's experiments as entries, in their order."""
    steps = {step.step: step for step in story.curve}
    found: list[Entry] = []
    level: float | None = None
    for place, row in enumerate(story.experiments):
        later = story.experiments[place + 1 : place + 2]
        after = steps.get(row.number)
        found.append(
            Entry(
                row,
                level,
                after,
                tuple(lesson for lesson in story.lessons if lesson.raised == row.number),
                tuple(lesson for lesson in story.lessons if lesson.concluded == row.number),
                repeated=any(one.role == "verify" and one.plan == row.plan for one in later),
            )
        )
        level = after.score if after else level
    return found


def turning_points(found: Sequence[Entry]) -> set[int]:
    """Return the numbers of the experiments that are told in full: what changed something, and the great surprises."""
    if len(found) <= SHORT:
        return {entry.row.number for entry in found}
    odd = [entry.row for entry in found if abs(deviations(entry.row) or 0.0) >= SURPRISING]
    odd.sort(key=lambda row: (-abs(deviations(row) or 0.0), row.number))
    return {entry.row.number for entry in found if entry.changed} | {row.number for row in odd[:TOLD_SURPRISES]}


def chapters(found: Sequence[Entry]) -> list[tuple[bool, list[Entry]]]:
    """Return the entries in their order, cut where turning points begin and end, and whether a part is of those."""
    told = turning_points(found)
    return [(turning, list(part)) for turning, part in groupby(found, key=lambda entry: entry.row.number in told)]


def deviations(row: Row) -> float | None:
    """Return how many standard deviations an outcome was above its belief; None where there was none, or no outcome.

    >>> deviations(Row(1, "knn", "knn", score=0.9, expected=0.8, doubt=0.05))
    2.0
    """
    if row.score is None or row.expected is None or row.doubt <= 0:
        return None
    return round((row.score - row.expected) / row.doubt, 6)
