"""An entry of the day-book in sentences: what was believed, why it was tried, what was seen, what was learnt."""

from haoqi.core import formats, quantities
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record.claims import measured_in, said
from haoqi.explore.record.history import Verdict
from haoqi.explore.record.lessons import BRIER, Lesson, LessonVerdict
from haoqi.report import values
from haoqi.report.daybook import SURPRISING, Entry, deviations
from haoqi.report.markup import Child, Said, named, tag
from haoqi.report.story import RaisedLesson, Story

VAGUE = 0.1
"""A belief with so much doubt says next to nothing of a score."""

LISTED = 5
"""Of the lessons raised at one time, so many are told here; the lessons have a section of their own."""

_EXACT, _NEAR = 0.5, 1.0  # deviations
_OFF, _OFF_SECONDS = 2.0, 2.0  # a time is worth a word where it is so many times and so many seconds off
_MANY = 20.0


def believed(entry: Entry, story: Story) -> list[Child]:
    """Return what was believed of an experiment: its score and doubt, its cost, and whether it was expected to win."""
    row = entry.experiment
    told: list[Child] = []
    if row.expected is None:
        told.append(Said("belief.none"))
    else:
        facts = {"expected": values.score(row.expected, story), "doubt": formats.score(row.doubt)}
        told.append(Said("belief.vague" if row.doubt > VAGUE else "belief.score", **facts))
    if row.expected_seconds > 0:
        told.append(Said("belief.cost", cost=formats.duration(row.expected_seconds)))
    if entry.tests is not None:
        told.append(_hoped(entry.tests.lesson, story))
    elif row.expected is not None and entry.level is not None and row.doubt <= VAGUE:
        stand = _stand(row.expected - entry.level, row.doubt)
        told.append(Said(f"belief.{stand}", level=values.score(entry.level, story)))
    return spaced(told)


def seen(entry: Entry, story: Story) -> list[Child]:
    """Return what came out, how surprising it was, and whether it took the time that it was believed to take."""
    row = entry.experiment
    time = formats.duration(row.seconds)
    if row.score is None:
        return spaced(
            [Said("saw.failed", time=time), tag("span", row.failure(), class_="error") if row.error else None]
        )
    score = tag("strong", values.score(row.score, story))
    if row.low is None:
        told: list[Child] = [Said("saw.scored", score=score, time=time)]
    else:
        told = [Said("saw.between", score=score, interval=values.between(row.low, row.high, story), time=time)]
    return spaced([*told, _surprise(row, story), _pace(row)])


def learnt(entry: Entry, story: Story) -> list[Child]:
    """Return what was decided, which lessons were settled by it, and which were raised."""
    verdict = entry.verdict
    told: list[Child] = [Said("learnt.retested")] if verdict is not None and verdict.retested else []
    told.append(_decided(entry, story))
    told += [_settled(one, story) for one in entry.concluded]
    if entry.raised:
        count = len(entry.raised)
        told.append(Said("learnt.raised", count=count, n=count))
    return spaced(told)


def raised(entry: Entry) -> Child:
    """Return the claims that were raised after an experiment, as a list; None where there were none."""
    if not entry.raised:
        return None
    items = [tag("li", claim_of(one.lesson)) for one in entry.raised[:LISTED]]
    more = len(entry.raised) - LISTED
    if more > 0:
        items.append(tag("li", tag("a", Said("learnt.more", count=more), href="#lessons")))
    return tag("ul", *items)


def claim_of(lesson: Lesson) -> Child:
    """Return the sentence of a lesson, in English alone where the texts do not know its kind."""
    return said(lesson.kind, lesson.evidence) or lesson.claim


def lesson_signed(difference: float | None, lesson: Lesson, story: Story) -> str:
    """Return a difference in a lesson's measure: of the metric's own values, but where that measure is another."""
    return formats.signed(difference) if lesson.measure == BRIER else values.signed(difference, story)


def lesson_between(found: LessonVerdict, lesson: Lesson, story: Story) -> str:
    """Return the interval of such a difference."""
    if lesson.measure == BRIER:
        return formats.between(found.low, found.high)
    return values.between(found.low, found.high, story)


def spaced(told: list[Child]) -> list[Child]:
    """Return sentences with what stands between two of them in each language; None is left out."""
    kept = [one for one in told if one is not None]
    return [one for place, part in enumerate(kept) for one in ((part,) if place == 0 else (Said("gap"), part))]


def _stand(lead: float, doubt: float) -> str:
    """Return how a belief stands to the champion: "above", "below" or "even" with it."""
    if abs(lead) <= doubt / 2:
        return "even"
    return "above" if lead > 0 else "below"


def _hoped(lesson: Lesson, story: Story) -> Said:
    measure = Said(measured_in(lesson.measure), metric=named("metric", story.metric))
    return Said("belief.hoped", gain=formats.score(lesson.gain), doubt=formats.score(lesson.doubt), measure=measure)


def _surprise(row: Experiment, story: Story) -> Said | None:
    off = deviations(row)
    if off is None:
        return None
    size, side = abs(off), "above" if (values.own(off, story) or 0.0) > 0 else "below"
    if size < _NEAR:
        return Said("saw.exact" if size < _EXACT else "saw.near")
    if size >= _MANY:
        return Said(f"saw.far_{side}")
    key = f"saw.surprise_{side}" if size >= SURPRISING else f"saw.{side}"
    return Said(key, deviations=f"{size:.1f}")


def _pace(row: Experiment) -> Said | None:
    """Return a word on a time that was far off."""
    expected = row.expected_seconds
    if expected <= 0 or row.seconds <= 0 or abs(row.seconds - expected) < _OFF_SECONDS:
        return None
    if row.seconds >= _OFF * expected:
        return Said("saw.slow", times=f"{row.seconds / expected:.1f}")
    return Said("saw.quick", share=formats.share(row.seconds / expected)) if row.seconds <= expected / _OFF else None


def _decided(entry: Entry, story: Story) -> Said:
    verdict = entry.verdict
    if entry.experiment.score is None or (verdict is not None and verdict.decision == "failed"):
        return Said("learnt.failed")
    if verdict is None:
        return Said("learnt.unjudged")
    level = values.score(entry.after.score if entry.after else entry.experiment.score, story)
    if verdict.difference is None or verdict.against is None:
        return Said("learnt.first", level=level) if verdict.decision == "crowned" else Said("learnt.unjudged")
    lead = verdict.difference > 0  # the sentence says which way, the number how much
    facts = {
        "against": verdict.against,
        "difference": formats.score(verdict.difference) if lead else values.signed(verdict.difference, story),
        "p": formats.p_value(verdict.p_value),
    }
    if verdict.decision == "crowned" and verdict.chance_better is not None:
        chance = quantities.chance(verdict.chance_better)
        if not verdict.selection_bias:
            return Said("learnt.chance_better", chance=chance, level=level, **facts)
        facts |= {
            "difference": values.signed(verdict.difference, story),
            "selection_bias": formats.score(verdict.selection_bias),
        }
        return Said("learnt.chance_better_chosen", chance=chance, level=level, **facts)
    if verdict.decision == "crowned":
        bounds = Said("range", low=formats.signed(verdict.low), high=formats.signed(verdict.high))
        seeds = "crowned_seeds" if entry.experiment.role == "verify" else "crowned"
        return Said(f"learnt.{seeds}", interval=bounds, level=level, **facts)
    if verdict.decision == "faster":
        return Said("learnt.faster", level=level, **facts)
    return Said(f"learnt.{_not_crowned(verdict, entry, story.alpha)}", **facts)


def _not_crowned(verdict: Verdict, entry: Entry, alpha: float) -> str:
    """Return what it means that a challenger did not win: close, open, short, no_gain, worse, or ruled_out."""
    if verdict.decision == "close":
        return "close" if entry.repeated else "open"
    difference = verdict.difference or 0.0
    sure = difference != 0 and verdict.p_value is not None and verdict.p_value < alpha
    if difference > 0:
        return "short" if sure else "no_gain"
    return "ruled_out" if sure else "worse"


def _settled(one: RaisedLesson, story: Story) -> Said:
    """Return what the tests of a lesson said."""
    claim, verdict = claim_of(one.lesson), one.verdict
    if verdict is None or verdict.difference is None:
        return Said("learnt.lesson_unjudged", claim=claim)
    told = {"difference": verdict.difference, "gain": one.lesson.gain}
    facts = {name: lesson_signed(value, one.lesson, story) for name, value in told.items()}
    return Said(f"learnt.lesson_{one.decision}", claim=claim, p=formats.p_value(verdict.p_value), **facts)
