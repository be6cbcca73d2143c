"""Charts as inline SVG without a view box: places are percent, sizes are pixels, so text keeps its size on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass

from haoqi.core import formats
from haoqi.core.say import Sentence, spoken
from haoqi.report.markup import LANGUAGES, Child, Markup, Said, join, tag
from haoqi.report.scale import Scale

ROW = 22  # pixels: the height of an interval in a table


def svg(name: Said | None, *children: Child, height: int | str, class_: str = "") -> Markup:
    """Return a drawing as wide as its place.

    Args:
        name: says what is to be seen, to those who cannot; None: the numbers stand beside it.
        children: what is drawn.
        height: in pixels, or "100%".
        class_: for the style sheet.
    """
    size = {"width": "100%", "height": height, "class_": f"chart {class_}".strip()}
    if name is None:
        return tag("svg", *children, aria_hidden="true", focusable="false", **size)
    described = [tag("desc", name.within(key), lang=code) for key, code in LANGUAGES.items()]
    label = " / ".join(dict.fromkeys(_plain(name.within(key)) for key in LANGUAGES))
    return tag("svg", *described, *children, role="img", aria_label=label, **size)


def words(x: str | float, y: str | float, said: Child, **attributes: object) -> Markup:
    """Return text in a drawing, once per language where it is a sentence of ours."""
    class_ = str(attributes.pop("class_", ""))
    place = {"x": x, "y": y, **attributes}
    if isinstance(said, Said | Sentence):
        parts = {key: said.within(key) for key in LANGUAGES}
        if len(set(parts.values())) > 1:
            return join(*(tag("text", t, class_=f"{class_} {k}".strip(), **place) for k, t in parts.items()))
        said = parts["en"]
    return tag("text", said, class_=class_ or None, **place)


def line(start: tuple[str, float | str], end: tuple[str, float | str], class_: str) -> Markup:
    """Return a straight line from one (x, y) to another."""
    return tag("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def tooltip(*parts: str) -> Markup:
    """Return what stands under the pointer: a title knows no languages, so all of them stand there."""
    said = {"".join(spoken(part, language) for part in parts) for language in LANGUAGES}
    return tag("title", " / ".join(sorted(said)))


def dot(x: str, y: float | str, radius: float, class_: str, *, title: Sequence[str] = ()) -> Markup:
    """Return a disc, with what it stands for, in some parts, under the pointer."""
    return tag("circle", tooltip(*title) if title else None, cx=x, cy=y, r=radius, class_=class_)


@dataclass(frozen=True)
class Mark:
    """One score with its interval, as it is drawn on a scale that others share."""

    score: float
    low: float | None = None
    high: float | None = None
    class_: str = ""
    """"best" is drawn strong, "test" stronger still."""
    others: tuple[float, ...] = ()
    """Scores of further seeds."""


def interval(mark: Mark, scale: Scale, reference: float | None = None) -> Markup:
    """Return a score and its interval on a scale; what lies left of the scale becomes an arrow at its edge."""
    middle = ROW / 2
    parts = [line(("0", middle), ("100%", middle), "rail")]
    if reference is not None:
        parts.append(line((scale.percent(reference), 0), (scale.percent(reference), ROW), "reference"))
    if mark.low is not None and mark.high is not None and mark.high > scale.low:
        parts.append(line((scale.percent(mark.low), middle), (scale.percent(mark.high), middle), "bar"))
    parts += [dot(scale.percent(other), 3.5, 2, "seed") for other in mark.others if other >= scale.low]
    if mark.score < scale.low:
        parts.append(tag("path", d=f"M7 {middle - 4}L1 {middle}L7 {middle + 4}", class_="beyond"))
    else:
        parts.append(dot(scale.percent(mark.score), middle, 4.5, "point"))
    return svg(None, *parts, height=ROW, class_=f"interval {mark.class_}".strip())


def axis(scale: Scale, most: int = 4) -> Markup:
    """Return the numbers of a scale, to stand above or below intervals."""
    parts = []
    ticks = scale.ticks(most)
    for tick in ticks:
        place, shown = scale.place(tick), number(scale.number(tick), ticks)
        anchor = "start" if place < 0.06 else "end" if place > 0.94 else "middle"
        parts.append(words(scale.percent(tick), 11, shown, text_anchor=anchor))
        parts.append(line((scale.percent(tick), 15), (scale.percent(tick), 19), "tick"))
    return svg(None, *parts, height=19, class_="axis")


def number(tick: float, ticks: Sequence[float]) -> str:
    """Return a tick's number, with as many digits as its neighbours need.

    >>> number(0.5, [0.5, 0.75]), number(1, [0, 1])
    ('0.50', '1')
    """
    digits = max((len(f"{one:.6f}".rstrip("0").partition(".")[2]) for one in ticks), default=0)
    return f"{tick:.{digits}f}".replace("-", formats.MINUS)


def share_bar(share: float, class_: str = "") -> Markup:
    """Return a share of 1 as a bar."""
    full = tag("rect", x=0, y=8, width="100%", height=4, rx=2, class_="rail-fill")
    part = tag("rect", x=0, y=8, width=f"{100 * min(1.0, max(0.0, share)):.1f}%", height=4, rx=2, class_="bar-fill")
    return svg(None, full, part, height=20, class_=f"share {class_}".strip())


def columns(bars: Sequence[tuple[str, float]], name: Said, height: int = 96) -> Markup:
    """Return a histogram: (label, count) from left to right; the first, middle and last labels are written."""
    most = max((count for _, count in bars), default=0) or 1
    step = 100 / max(1, len(bars))
    parts = [line(("0", height - 18), ("100%", height - 18), "baseline")]
    shown = {0, len(bars) - 1, (len(bars) - 1) // 2}
    for place, (label, count) in enumerate(bars):
        tall = (height - 22) * count / most
        title = tag("title", f"{label}: {formats.count(count)}")
        at = {"x": f"{place * step + 0.12 * step:.2f}%", "width": f"{0.76 * step:.2f}%"}
        parts.append(tag("rect", title, y=height - 18 - tall, height=tall, class_="bar-fill", **at))
        if place in shown:
            anchor = "start" if place == 0 else "end" if place == len(bars) - 1 else "middle"
            x = {"start": "0", "end": "100%"}.get(anchor, f"{(place + 0.5) * step:.2f}%")
            parts.append(words(x, height - 4, label, text_anchor=anchor))
    return svg(name, *parts, height=height, class_="columns")


def _plain(markup: str) -> str:
    from html import unescape

    return unescape(markup)
