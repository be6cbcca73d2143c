"""Whether the model's confidence can be trusted."""

from collections.abc import Sequence

from haoqi.core import formats
from haoqi.evaluate.calibration import Bin
from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.reliability import diagram
from haoqi.report.story import Story
from haoqi.report.table import Column, disclosed, table

FAR = 0.05
"""A larger distance between confidence and accuracy is worth a warning."""


def draw(story: Story) -> Markup | None:
    """Return the section, or None where no confidence was measured."""
    shown = story.shown
    if shown is None or shown.calibration is None:
        return None
    bins = shown.calibration.bins
    words = tag(
        "div",
        tag("p", *_said(bins, shown.calibration.error)),
        tag("p", Said("calibration.how"), class_="quiet"),
        class_="prose",
    )
    return join(
        tag("div", tag("figure", diagram(bins)), words, class_="beside-figure"),
        disclosed(Said("table.show"), _table(bins)),
    )


def _said(bins: Sequence[Bin], error: float) -> list[Child]:
    count = sum(one.count for one in bins)
    confidence = sum(one.confidence * one.count for one in bins) / count
    accuracy = sum(one.accuracy * one.count for one in bins) / count
    means = {"confidence": confidence, "accuracy": accuracy, "error": error}
    if error > FAR and abs(confidence - accuracy) < error / 3:
        verdict = "uneven"
    else:
        verdict = "good" if error <= FAR else "over" if confidence > accuracy else "under"
    said: list[Child] = [Said("calibration.lead", **{name: formats.score(v) for name, v in means.items()})]
    said += [Said("gap"), Said(f"calibration.{verdict}")]
    sure = [one for one in bins if one.low >= 0.9 - 1e-9]
    if sure:
        total = sum(one.count for one in sure)
        right = sum(one.accuracy * one.count for one in sure)
        facts = {"share": formats.share(right / total), "right": formats.count(right), "count": formats.count(total)}
        said += [Said("gap"), Said("calibration.sure", least=f"{min(one.low for one in sure):.1f}", **facts)]
    return said


def _table(bins: Sequence[Bin]) -> Markup:
    columns = (
        Column(Said("calibration.range"), "name"),
        Column(Said("calibration.count"), "number"),
        Column(Said("calibration.mean"), "number"),
        Column(Said("calibration.right"), "number"),
    )
    rows: list[list[Child]] = [
        [
            f"{one.low:.2f}{formats.DASH}{one.high:.2f}",
            formats.count(one.count),
            formats.score(one.confidence),
            formats.score(one.accuracy),
        ]
        for one in bins
    ]
    return table(columns, rows)
