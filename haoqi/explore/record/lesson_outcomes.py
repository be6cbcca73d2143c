"""How often the remedies of each kind of lesson have helped: a kind that has not promises less and gets less time.

A remedy is believed to help as often as those of its kind did where they were judged, by Laplace's rule of succession:
(helped + 1) of (judged + 2). What nobody has judged is believed to help in one of two, and no kind is believed above
that. By this share a lesson promises less, fewer of its remedies are tried, and each must be done sooner (`reflect`).

`lesson_outcomes.json` counts the lessons of bench/results; what the run has judged itself is added.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from json import loads

from haoqi.explore.record.lessons import Lesson, LessonVerdict

HELPED = "confirmed"


def success_rate(kind: str, lessons: Sequence[Lesson] = (), verdicts: Sequence[LessonVerdict] = ()) -> float:
    """Return how far a kind of lesson is to be believed, in (0, 1]: 1 where its record is no worse than none.

    Args:
        kind: name of the reflection.
        lessons: those of the run so far.
        verdicts: what became of them.

    >>> success_rate("of_another_package"), round(success_rate("overfitting"), 3)
    (1.0, 0.286)
    """
    judged, helped = read_outcomes().get(kind, (0, 0))
    mine = {lesson.key for lesson in lessons if lesson.kind == kind}
    decisions = [one.decision for one in verdicts if one.lesson in mine and one.difference is not None]
    judged, helped = judged + len(decisions), helped + decisions.count(HELPED)
    return min(1.0, 2 * (helped + 1) / (judged + 2))


@cache
def read_outcomes() -> dict[str, tuple[int, int]]:
    """Return how many lessons of each kind were judged in the benches, and how many of these a remedy helped."""
    plain = loads(files("haoqi.explore.record").joinpath("lesson_outcomes.json").read_text(encoding="utf-8"))
    return {kind: (found["judged"], found["helped"]) for kind, found in plain.items()}
