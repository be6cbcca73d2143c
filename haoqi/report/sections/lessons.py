"""The lessons: what the champion's failures seemed to teach, and what the tests said, whichever way it came out."""

from collections import Counter

from haoqi.core import formats
from haoqi.explore.record.claims import measured_in, spoken
from haoqi.explore.record.lessons import Lesson
from haoqi.report.markup import Child, Markup, Said, join, named, tag
from haoqi.report.story import RaisedLesson, Story
from haoqi.report.table import disclosed, listed
from haoqi.report.telling import claim_of, lesson_between, lesson_signed

SHOWN = 20
DECISIONS = ("confirmed", "refuted", "undecided", "untested")
"""In the order of the page."""


def draw(story: Story) -> Markup | None:
    """Return the section, or None where no lesson was raised."""
    if not story.lessons:
        return None
    counts = Counter(lesson.decision for lesson in story.lessons)
    facts = {decision: formats.count(counts[decision]) for decision in DECISIONS}
    raised = len(story.lessons)
    lead: list[Child] = [Said("lessons.lead", raised=formats.count(raised), n=raised, **facts), _caution(story)]
    ordered = sorted(story.lessons, key=lambda lesson: DECISIONS.index(lesson.decision))
    items = [_item(lesson, story) for lesson in ordered]
    return join(tag("p", lead, class_="prose"), listed(items, SHOWN, "notebook lessons"))


def _caution(story: Story) -> list[Child]:
    """Return a word on how many lessons chance alone would confirm."""
    tests = max((one.verdict.tests for one in story.lessons if one.verdict is not None), default=0)
    if not tests:
        return []
    tested = sum(lesson.decision != "untested" for lesson in story.lessons)
    chance = f"{story.alpha * tested / 2:.2g}"  # the test is two-sided, and only a gain confirms
    return [Said("gap"), Said("lessons.caution", tests=formats.count(tests), alpha=f"{story.alpha:g}", chance=chance)]


def _item(one: RaisedLesson, story: Story) -> Markup:
    lesson = one.lesson
    badge = tag("span", Said(f"lessons.{one.decision}"), class_=f"outcome {one.decision}")
    tried = tag("ul", *(tag("li", plan.words()) for plan in lesson.plans))
    how = Said("lessons.would" if one.decision == "untested" else "lessons.plans")
    return tag(
        "li",
        tag("p", tag("strong", claim_of(lesson)), badge, class_="title"),
        tag("p", _test(one, story), class_="facts-line"),
        tag("div", how, tried, class_="why"),
        disclosed(Said("lessons.evidence"), _evidence(lesson)) if lesson.evidence else None,
        disclosed(Said("lessons.examples", count=len(lesson.examples)), _examples(lesson)) if lesson.examples else None,
    )


def _test(one: RaisedLesson, story: Story) -> list[Child]:
    """Return what the test said, in which measure, and what was hoped for."""
    lesson, verdict = one.lesson, one.verdict
    known = Said(measured_in(lesson.measure), metric=named("metric", story.metric))
    hoped = Said("lessons.hoped", gain=lesson_signed(lesson.gain, lesson, story), doubt=formats.score(lesson.doubt))
    if verdict is None or verdict.difference is None:
        why = Said("lessons.waiting" if verdict is None else "lessons.unjudged")
        return [why, " · ", hoped, " ", known]
    facts = {
        "number": verdict.experiment,
        "against": verdict.against,
        "difference": lesson_signed(verdict.difference, lesson, story),
        "interval": lesson_between(verdict, lesson, story),
        "p": formats.p_value(verdict.p_value),
    }
    return [Said("lessons.test", **facts), " ", known, " · ", hoped]


def _evidence(lesson: Lesson) -> Markup:
    """Return every number and name, as it was recorded."""
    told = [
        tag("div", tag("dt", name.replace("_", " ")), tag("dd", spoken(name, v))) for name, v in lesson.evidence.items()
    ]
    return tag("dl", *told, class_="facts")


def _examples(lesson: Lesson) -> Markup:
    rows = [
        tag("li", tag("small", Said("mistakes.row", row=formats.count(row + 1))), " ", tag("q", text))
        for row, text in lesson.examples
    ]
    return tag("ul", *rows)
