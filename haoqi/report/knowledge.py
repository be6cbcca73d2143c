"""The chart of I(t): what the best verified model scored, while time was spent."""

from collections.abc import Sequence
from dataclasses import dataclass

from haoqi.core import formats
from haoqi.core.say import say, spoken
from haoqi.explore.plans.plan import Experiment
from haoqi.explore.record.knowledge_curve import CurvePoint
from haoqi.report.charts import dot, line, number, svg, tooltip, words
from haoqi.report.markup import LANGUAGES, Markup, Said, join, tag
from haoqi.report.scale import Scale, knowledge_scale, time_scale

HEIGHT = 240
TOP, FLOOR = 26, 196  # pixels: where the highest and the lowest score lie
RUG = 212  # pixels: the line of marks that credits every step

# Labels are laid out for the narrowest drawing that shows them, so they overlap in none that is wider.
NARROW, WIDE = 260, 560
LETTER, LABEL_HEIGHT = 6.6, 15  # pixels, of text of 12 px


@dataclass(frozen=True)
class Crowning:
    """An experiment that became champion."""

    number: int
    seconds: float
    score: float
    words: str


def crownings(steps: Sequence[CurvePoint]) -> list[Crowning]:
    """Return the steps at which the champion changed, in order."""
    found: list[Crowning] = []
    for step in steps:
        if step.champion is None or step.score is None:
            continue
        if not found or found[-1].number != step.champion:
            plan = next((one.plan for one in steps if one.step == step.champion), step.plan)
            found.append(Crowning(step.champion, step.spent_seconds, step.score, plan))
    return found


def chart(steps: Sequence[CurvePoint], experiments: Sequence[Experiment], *, turned: bool = False) -> Markup | None:
    """Return the drawing, or None where no model was ever scored.

    Args:
        steps: the curve, in merits.
        experiments: those behind it.
        turned: whether less of the metric is better, so that its values are merits with the sign turned.
    """
    known = [step for step in steps if step.score is not None]
    if not known:
        return None
    across = time_scale([step.spent_seconds for step in steps])
    upward = knowledge_scale([step.score for step in known if step.score is not None], turned=turned)
    tried = {one.number: one for one in experiments}
    parts = [
        *_frame(across, upward),
        *_curve(known, across, upward),
        *(_trial(step, tried.get(step.step), across, upward) for step in steps),
        *_champions(crownings(known), across, upward),
    ]
    return svg(Said("curve.chart"), *parts, height=HEIGHT, class_="knowledge")


def height_of(score: float, scale: Scale) -> float:
    """Return how many pixels below the drawing's top edge a score lies."""
    return round(FLOOR - (FLOOR - TOP) * scale.place(score), 1)


def _frame(across: Scale, upward: Scale) -> list[Markup]:
    parts = []
    ticks = upward.ticks(5)
    for tick in ticks:
        up = height_of(tick, upward)
        parts.append(line(("0", up), ("100%", up), "grid"))
        parts.append(words("-8", up + 4, number(upward.number(tick), ticks), text_anchor="end"))
    for tick in across.ticks(5):
        place = across.place(tick)
        anchor = "start" if place < 0.05 else "end" if place > 0.93 else "middle"
        parts.append(words(across.percent(tick), HEIGHT - 6, _time(tick), text_anchor=anchor))
        parts.append(line((across.percent(tick), RUG + 6), (across.percent(tick), RUG + 10), "tick"))
    parts.append(line(("0", RUG + 6), ("100%", RUG + 6), "baseline"))
    return parts


def _curve(known: Sequence[CurvePoint], across: Scale, upward: Scale) -> list[Markup]:
    parts = []
    before = None
    for step in known:
        x, y = across.percent(step.spent_seconds), height_of(step.score or 0.0, upward)
        if before:
            parts.append(line(before, (x, before[1]), "level"))
            if before[1] != y:
                parts.append(line((x, before[1]), (x, y), "level"))
        before = (x, y)
    if before:
        parts.append(line(before, ("100%", before[1]), "level"))
    return parts


def _trial(step: CurvePoint, row: Experiment | None, across: Scale, upward: Scale) -> Markup:
    """Return an experiment's own score as a quiet dot, and its mark on the rug by what it was for."""
    x = across.percent(step.spent_seconds)
    failed = row is not None and row.score is None
    title = (f"{step.step} · ", step.plan)
    parts = [tag("line", tooltip(*title), x1=x, x2=x, y1=RUG - 5, y2=RUG + 3, class_=f"rug {step.role}")]
    if failed:
        parts = [words(x, RUG + 2, "×", text_anchor="middle", class_="failed")]
    elif row is not None and row.score is not None and row.score >= upward.low:
        told = (*title, f": {formats.score(upward.number(row.score))}")
        parts.append(dot(x, height_of(row.score, upward), 2.5, f"trial {step.role}", title=told))
    return join(parts)


def _champions(crowned: Sequence[Crowning], across: Scale, upward: Scale) -> list[Markup]:
    points = [(across.place(one.seconds), height_of(one.score, upward)) for one in crowned]
    told = [(f"{one.number} · ", one.words, f": {formats.score(upward.number(one.score))}") for one in crowned]
    dots = [
        dot(across.percent(one.seconds), y, 4.5, "point", title=title)
        for one, title, (_, y) in zip(crowned, told, points, strict=True)
    ]
    short = _labels([str(one.number) for one in crowned], points, NARROW)
    long = {language: _labels(_named(crowned, language), points, WIDE) for language in LANGUAGES}
    if len(set(long.values())) == 1:
        return [*dots, tag("g", short, class_="narrow"), tag("g", long["en"], class_="wide")]
    return [*dots, tag("g", short, class_="narrow"), *(tag("g", one, class_=f"wide {k}") for k, one in long.items())]


def _named(crowned: Sequence[Crowning], language: str) -> list[str]:
    return [f"{one.number} {formats.cut(spoken(one.words, language), 22)}" for one in crowned]


def _labels(texts: Sequence[str], points: Sequence[tuple[float, float]], width: float) -> Markup:
    """Return labels beside their points; one for which no room is left out; the latest choose first."""
    taken = [(x * width - 6, y - 6, x * width + 6, y + 6) for x, y in points]
    taken += _strokes(points, width)
    drawn: list[Markup] = []
    for text, (x, y) in reversed(list(zip(texts, points, strict=True))):
        wide = formats.width(text) * 12 * 1.04
        for anchor, shift, up in _spots(x * width, wide, width):
            left = x * width + shift - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
            box = (left, y + up - LABEL_HEIGHT + 3, left + wide, y + up + 3)
            if box[1] < 0 or box[3] > RUG - 8 or any(_overlap(box, other) for other in taken):
                continue
            taken.append(box)
            drawn.append(words(f"{100 * x:.2f}%", y + up, text, dx=shift, text_anchor=anchor, class_="label"))
            break
    return join(drawn[::-1])


def _strokes(points: Sequence[tuple[float, float]], width: float) -> list[tuple[float, float, float, float]]:
    """Return the boxes that the curve itself takes up: a level and a rise for each champion."""
    taken = []
    for (x, y), (then, up) in zip(points, [*points[1:], (1.0, points[-1][1])], strict=True):
        taken.append((x * width, y - 1, then * width, y + 1))
        taken.append((then * width - 1, min(y, up), then * width + 1, max(y, up)))
    return taken


def _spots(x: float, wide: float, width: float) -> list[tuple[str, float, float]]:
    """Return where a label may stand: (anchor, pixels to the right, pixels down), the best place first."""
    spots: list[tuple[str, float, float]] = []
    for up in (-10.0, 20.0, 5.0, -26.0, 36.0):
        if x - wide / 2 >= 0 and x + wide / 2 <= width and up != 5:
            spots.append(("middle", 0.0, up))
        if x + 8 + wide <= width:
            spots.append(("start", 8.0 if up == 5 else 0.0, up))
        if x - 8 - wide >= 0:
            spots.append(("end", -8.0 if up == 5 else 0.0, up))
    return spots


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _time(seconds: float) -> str:
    return say("duration.seconds", seconds=f"{seconds:g}") if seconds < 10 else formats.duration(seconds)
