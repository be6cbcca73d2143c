"""How far numbers are from the right ones: a plot of both, and the errors in the numbers' own unit."""

from haoqi.core import formats
from haoqi.evaluate.errors import Errors
from haoqi.report.charts import dot, line, svg, words
from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.scale import Scale
from haoqi.report.story import Story


def draw(story: Story) -> Markup | None:
    """Return the section, or None where answers are no numbers."""
    shown = story.shown
    if shown is None or shown.errors is None:
        return None
    found = shown.errors
    said: list[Child] = [Said("errors.lead", count=formats.count(shown.examples))]
    if found.held is not None:
        said += [Said("gap"), Said("errors.held", share=formats.share(found.held))]
    return join(tag("p", *said, class_="prose"), _plot(found), _facts(found))


def _plot(found: Errors) -> Markup | None:
    """Return the answers against the right numbers, on one scale both ways: on the diagonal both are equal."""
    if not found.points:
        return None
    both = [one for point in found.points for one in point]
    low, high = min(both), max(both)
    margin = 0.03 * (high - low) or 0.5
    scale = Scale(low - margin, high + margin)
    parts: list[Markup] = []
    for tick in scale.ticks(5):
        along, up = _along(scale, tick), _up(scale, tick)
        parts.append(line(("0", up), ("100%", up), "grid"))
        parts.append(words("-8", up, _tick(tick), dy="0.35em", text_anchor="end"))
        parts.append(words(along, "100%", _tick(tick), dy="1.4em", text_anchor="middle"))
    parts.append(line(("0", "100%"), ("100%", "0"), "diagonal"))
    for true, given in found.points:
        told = (f"{number(true)} → {number(given)}",)
        parts.append(dot(_along(scale, true), _up(scale, given), 3, "bubble", title=told))
    drawing = svg(Said("errors.chart"), *parts, height="100%", class_="reliability")
    labels = (
        tag("span", Said("errors.given"), class_="axis-y"),
        tag("span", Said("errors.true"), class_="axis-x"),
    )
    return tag("div", tag("div", drawing, class_="square"), *labels, class_="reliability-box")


def _along(scale: Scale, value: float) -> str:
    return f"{100 * scale.place(value):.2f}%"


def _up(scale: Scale, value: float) -> str:
    return f"{100 * (1 - scale.place(value)):.2f}%"


def _facts(found: Errors) -> Markup:
    pairs: list[tuple[Child, Child]] = [
        (Said("errors.median"), number(found.median)),
        (Said("errors.largest"), number(found.largest)),
        (Said("errors.mean" if found.mean >= 0 else "errors.mean.low"), number(abs(found.mean))),
        (Said("errors.spread"), number(found.spread)),
    ]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="facts")


def _tick(tick: float) -> str:
    return f"{tick:g}".replace("-", formats.MINUS)


def number(value: float) -> str:
    """Return a number of the data with four digits."""
    return f"{value:.4g}".replace("-", formats.MINUS)
