"""The reliability diagram: how often a model is right against how sure it says it is."""

from collections.abc import Sequence
from math import sqrt

from haoqi.core import formats
from haoqi.evaluate.calibration import Bin
from haoqi.report.charts import dot, line, svg, words
from haoqi.report.markup import Markup, Said, tag

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def diagram(bins: Sequence[Bin]) -> Markup:
    """Return the diagram, square: the diagonal is perfect calibration, a dot's area is its number of answers."""
    parts: list[Markup] = []
    for tick in TICKS:
        along, up = f"{100 * tick:g}%", f"{100 * (1 - tick):g}%"
        parts.append(line(("0", up), ("100%", up), "grid"))
        parts.append(words("-8", up, f"{tick:g}", dy="0.35em", text_anchor="end"))
        anchor = "start" if tick == 0 else "end" if tick == 1 else "middle"
        parts.append(words(along, "100%", f"{tick:g}", dy="1.4em", text_anchor=anchor))
    parts.append(line(("0", "100%"), ("100%", "0"), "diagonal"))
    most = max(one.count for one in bins)
    for one in bins:
        at, up = f"{100 * one.confidence:.2f}%", f"{100 * (1 - one.accuracy):.2f}%"
        ideal = f"{100 * (1 - one.confidence):.2f}%"
        parts.append(line((at, ideal), (at, up), "gap"))
        told = f"{formats.score(one.confidence)} → {formats.score(one.accuracy)} (n = {formats.count(one.count)})"
        parts.append(dot(at, up, 3 + 9 * sqrt(one.count / most), "bubble", title=(told,)))
    drawing = svg(Said("calibration.chart"), *parts, height="100%", class_="reliability")
    labels = (
        tag("span", Said("calibration.accuracy"), class_="axis-y"),
        tag("span", Said("calibration.confidence"), class_="axis-x"),
    )
    return tag("div", tag("div", drawing, class_="square"), *labels, class_="reliability-box")
