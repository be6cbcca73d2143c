"""The lab notebook: every experiment in its order, as who made it would tell it; the turning points in full."""

from collections.abc import Sequence

from haoqi.core import formats
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record.history import Verdict
from haoqi.report import reasons, telling, values
from haoqi.report.daybook import CROWNED, SURPRISING, Entry, chapters, deviations, entries
from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.sections.answer import ENDINGS
from haoqi.report.story import Story
from haoqi.report.table import disclosed

FOLDED = 3
"""Quiet experiments in a row are folded from so many on."""

_HELD, _JUDGED = 0.8, 5  # of at least so many beliefs this share should hold; below it they were too sure
_TIMID = 0.4  # where outcomes are so near to beliefs, in deviations, there was more doubt than need be


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was tried."""
    if not story.experiments:
        return None
    found = chapters(entries(story))
    drawn = [
        join(*(_told(entry, story) for entry in part)) if turning else _quiet(part, story) for turning, part in found
    ]
    return join(tag("p", _lead(story, found), class_="prose"), tag("ol", *drawn, class_="daybook"), _ending(story))


def outcome(entry: Entry, story: Story) -> str:
    """Return what became of an experiment in one word of texts.

    champion, dethroned, failed, worse, no_gain, close, or unjudged.
    """
    verdict = entry.verdict
    if entry.experiment.score is None or (verdict is not None and verdict.decision == "failed"):
        return "failed"
    if verdict is None:
        return "unjudged"
    if verdict.decision in CROWNED:
        return "champion" if entry.experiment.plan.key == story.champion.plan.key else "dethroned"
    if verdict.decision == "close":
        return "close"
    return "no_gain" if verdict.difference is not None and verdict.difference > 0 else "worse"


def _lead(story: Story, found: list[tuple[bool, list[Entry]]]) -> list[Child]:
    made = len(story.experiments)
    time = formats.duration(max((step.spent_seconds for step in story.curve), default=_seconds(story.experiments)))
    folded = any(len(part) >= FOLDED and not turning for turning, part in found)
    return telling.spaced(
        [Said("notebook.lead", count=made, n=made, time=time), Said("notebook.folded") if folded else None]
    )


def _told(entry: Entry, story: Story) -> Markup:
    """Return a turning point in full."""
    row = entry.experiment
    parts: list[tuple[str, Child]] = [
        ("believed", telling.believed(entry, story)),
        ("tried", reasons.spoken(row)),
        ("saw", telling.seen(entry, story)),
        ("learnt", [telling.learnt(entry, story), telling.raised(entry)]),
    ]
    cues = [tag("div", tag("dt", Said(f"cue.{cue}")), tag("dd", told)) for cue, told in parts if told]
    return tag("li", _heading(entry, story), tag("dl", *cues), class_="entry")


def _heading(entry: Entry, story: Story) -> Markup:
    row, became = entry.experiment, outcome(entry, story)
    when = tag("time", formats.duration(entry.after.spent_seconds)) if entry.after else None
    badge = tag("span", Said(f"outcome.{became}"), class_=f"outcome {became}")
    plan = tag("span", row.plan.words(), class_="plan")
    return tag("h3", tag("span", str(row.number), class_="place"), plan, badge, when)


def _quiet(part: list[Entry], story: Story) -> Markup:
    """Return experiments that changed nothing, a line or two each, folded where there are many."""
    items = [_line(entry, story) for entry in part]
    if len(part) < FOLDED:
        return join(*items)
    rows = [entry.experiment for entry in part]
    scores = [row.score for row in rows if row.score is not None]
    facts = {"first": rows[0].number, "last": rows[-1].number, "count": len(rows)}
    best = Said("notebook.best", score=values.score(max(scores), story)) if scores else None
    failed = len(rows) - len(scores)
    lost = Said("notebook.failed", count=failed, n=failed) if failed else None
    summary = telling.spaced([Said("notebook.quiet", time=formats.duration(_seconds(rows)), **facts), best, lost])
    return tag("li", disclosed(summary, tag("ol", *items, class_="daybook")), class_="fold")


def _line(entry: Entry, story: Story) -> Markup:
    row = entry.experiment
    facts: list[Child] = [_found(row, story), formats.duration(row.seconds), _test(entry.verdict, story)]
    shown = [one for one in facts if one is not None]
    line = [one for place, fact in enumerate(shown) for one in ((fact,) if place == 0 else (" · ", fact))]
    because = reasons.spoken(row)
    return tag(
        "li",
        _heading(entry, story),
        tag("p", row.failure(), class_="error") if row.error else None,
        tag("p", line),
        tag("p", because) if because else None,
        class_="entry quiet",
    )


def _found(row: Experiment, story: Story) -> Child:
    """Return what was believed and found, in a few words."""
    if row.score is None:
        return None
    score = values.score(row.score, story)
    if row.expected is None:
        return Said("notebook.found", score=score)
    belief = {"expected": values.score(row.expected, story), "doubt": formats.score(row.doubt)}
    said = Said("notebook.believed", score=score, **belief)
    surprised = abs(deviations(row) or 0.0) >= SURPRISING
    return [said, " (", tag("em", Said("notebook.surprise")), ")"] if surprised else said


def _test(verdict: Verdict | None, story: Story) -> Child:
    if verdict is None or verdict.difference is None or verdict.against is None:
        return None
    facts = {"difference": values.signed(verdict.difference, story), "p": formats.p_value(verdict.p_value)}
    return Said("notebook.test", number=verdict.against, **facts)


def _ending(story: Story) -> Markup:
    """Return what the whole run came to: why it ended, what it chose, and how good its beliefs were."""
    told: list[Child] = []
    if story.ended:
        reason = Said(f"ended.{story.ended}") if story.ended in ENDINGS else story.ended
        told.append(Said("end.ended", reason=reason))
    if story.curve and story.curve[-1].score is not None:
        level = values.score(story.curve[-1].score, story)
        words = story.champion.plan.words()
        told.append(Said("end.champion", number=story.champion.number, words=words, level=level))
    told += _beliefs(story)
    left = sum(lesson.decision == "untested" for lesson in story.lessons)
    told.append(Said("end.untested", count=left, n=left) if left else None)
    return join(tag("h3", Said("end.title")), tag("p", telling.spaced(told), class_="prose"))


def _beliefs(story: Story) -> list[Child]:
    """Return how many beliefs held, what that says of their doubt, and the largest surprise."""
    off = [(found, row) for row in story.experiments if (found := deviations(row)) is not None]
    if not off:
        return []
    held = sum(abs(one) < SURPRISING for one, _ in off)
    told: list[Child] = [Said("end.beliefs", held=held, count=len(off), n=len(off))]
    if len(off) >= _JUDGED:
        spread = (sum(one**2 for one, _ in off) / len(off)) ** 0.5
        told.append(Said("end.sure" if held < _HELD * len(off) else "end.timid" if spread < _TIMID else "end.honest"))
    largest, most = max(off, key=lambda pair: abs(pair[0]))
    if abs(largest) < SURPRISING:
        return told
    belief = {"expected": values.score(most.expected, story), "doubt": formats.score(most.doubt)}
    facts = {"number": most.number, "words": most.plan.words(), "score": values.score(most.score, story)}
    return [*told, Said("end.surprise", **belief, **facts)]


def _seconds(rows: Sequence[Experiment]) -> float:
    return sum(row.seconds for row in rows)
