"""Which labels were taken for which, and how well every label is found."""

from collections.abc import Sequence

from haoqi.evaluate.confusion import LabelRow
from haoqi.evaluate.evidence import Evidence
from haoqi.evaluate.report import formats
from haoqi.evaluate.report.charts import share_bar
from haoqi.evaluate.report.markup import Child, Markup, Said, join, tag
from haoqi.evaluate.report.story import Story
from haoqi.evaluate.report.table import Column, disclosed, table

WHOLE = 30
"""With more labels than this, the pairs most often confused are listed instead of the whole table."""

OPEN = 12
"""A table of labels that is longer is for those who ask."""

LONG = 9.0
"""Headings wider than this, in ems, are set upright."""


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was counted."""
    shown = story.shown
    if shown is None:
        return None
    where = Said("evidence.test" if story.test else "evidence.valid", count=formats.count(shown.examples))
    parts: list[Child] = [tag("p", where, class_="prose")]
    if story.kind == "spans":
        parts += [_kinds(shown), _scores(shown.table, Said("confusion.types"), Said("confusion.type"))]
        parts.append(_scores(shown.tags, Said("confusion.tags"), Said("confusion.tag")))
    else:
        parts += [_confusion(shown), _scores(shown.table, Said("confusion.labels"), Said("confusion.label"))]
    return join(*parts)


def _confusion(shown: Evidence) -> Markup | None:
    """Return who was taken for whom, where each example has one label."""
    if not shown.confusion:
        return None
    if len(shown.labels) > WHOLE:
        count = formats.count(len(shown.labels))
        return join(tag("p", Said("confusion.pairs", count=count), class_="prose"), _pairs(shown))
    return join(tag("p", Said("confusion.lead"), class_="prose"), _heat(shown))


def _heat(shown: Evidence) -> Markup:
    labels = shown.labels
    upright = len(labels) > 6 or max(map(formats.width, labels)) > LONG
    heads = [tag("th", tag("span", label), scope="col") for label in labels]
    corner = tag("td", tag("span", Said("confusion.true"), " ↓ ", Said("confusion.predicted"), " →"), class_="corner")
    body = [_row(place, labels[place], row) for place, row in enumerate(shown.matrix().tolist())]
    class_ = "heat upright" if upright else "heat"
    cell = max(3.25, 0.6 + 0.95 * max(map(formats.width, labels)))
    style = None if upright else f"--cell:{cell:.1f}rem"
    whole = tag("table", tag("thead", tag("tr", corner, *heads)), tag("tbody", *body), class_=class_, style=style)
    return tag("div", whole, class_="scroll", tabindex="0")


def _row(place: int, label: str, counts: Sequence[int]) -> Markup:
    total = sum(counts) or 1
    cells = [
        tag(
            "td",
            formats.count(count) if count else tag("span", "·", class_="nil"),
            class_="hit" if column == place else "miss" if count else None,
            style=f"--tint:{count / total:.3f}" if count else None,
        )
        for column, count in enumerate(counts)
    ]
    return tag("tr", tag("th", label, scope="row"), *cells)


def _pairs(shown: Evidence) -> Markup:
    """Return the pairs of labels that were most often confused."""
    if not shown.confused:
        return tag("p", Said("confusion.none"), class_="prose")
    columns = (
        Column(Said("confusion.true"), "name"),
        Column(Said("confusion.predicted")),
        Column(Said("confusion.count"), "number"),
        Column(Said("confusion.share"), "number"),
        Column("", "bar"),
    )
    support = {row.label: row.support for row in shown.table}
    rows: list[list[Child]] = []
    for pair in shown.confused:
        share = pair.count / max(1, support.get(pair.true, 0))
        rows.append(
            [pair.true, pair.predicted, formats.count(pair.count), formats.share(share), share_bar(share, "bad")]
        )
    return table(columns, rows, "pairs")


def _kinds(shown: Evidence) -> Markup | None:
    """Return how many spans were right, and how many wrong in each way, as one bar."""
    if not shown.kinds or not sum(shown.kinds.values()):
        return None
    found = {name: count for name, count in shown.kinds.items() if count}
    classes = {name: name.replace(" ", "-") for name in found}
    parts = [tag("i", class_=f"part {classes[name]}", style=f"flex-grow:{count}") for name, count in found.items()]
    items = [
        tag("li", tag("i", class_=f"key {classes[name]}"), Said(f"kind.{name}"), " ", tag("b", formats.count(count)))
        for name, count in found.items()
    ]
    bar = tag("div", *parts, class_="parts", aria_hidden="true")
    return tag("figure", tag("figcaption", Said("confusion.kinds")), bar, tag("ul", *items, class_="legend"))


def _scores(found: Sequence[LabelRow], title: Said, name: Said) -> Markup | None:
    if not found:
        return None
    columns = (
        Column(name, "name"),
        Column(Said("confusion.precision"), "number"),
        Column(Said("confusion.recall"), "number"),
        Column(Said("confusion.f1"), "number"),
        Column("", "bar"),
        Column(Said("confusion.support"), "number"),
        Column(Said("confusion.given"), "number"),
    )
    if len(found) > OPEN:  # the weakest first: nobody reads a long table to its end
        found = sorted(found, key=lambda one: (not one.support, one.f1))
    rows: list[list[Child]] = [
        [
            one.label,
            formats.score(one.precision),
            formats.score(one.recall),
            formats.score(one.f1),
            share_bar(one.f1),
            formats.count(one.support),
            formats.count(one.predicted),
        ]
        for one in found
    ]
    whole = table(columns, rows, "scores")
    if len(rows) <= OPEN:
        return join(tag("h3", title), whole)
    return disclosed([title, f" ({formats.count(len(rows))})"], whole)
