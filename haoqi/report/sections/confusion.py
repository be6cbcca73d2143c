"""Which labels were taken for which, and how well every label is found."""

from collections.abc import Sequence

from haoqi.core import formats
from haoqi.evaluate.confusion import LabelRow, average_rows
from haoqi.evaluate.evidence import Evidence
from haoqi.report.charts import share_bar
from haoqi.report.markup import Child, Markup, Said, join, tag
from haoqi.report.story import Story
from haoqi.report.table import MOST, Column, cut_off, disclosed, table

WHOLE = 30
"""With more labels than this, the pairs most often confused are listed instead of the whole table."""

OPEN = 12
"""A table of labels that is longer is for those who ask."""

SHORT, ACROSS = 3.5, 42.0
"""Ems: the narrowest column under a name, and how many of them a page is wide."""


def draw(story: Story) -> Markup | None:
    """Return the section, or None where nothing was counted."""
    shown, found = story.shown, story.headline
    if shown is None or found is None or not story.task.output.kind.has_classes:
        return None
    test = formats.count(found.test.examples) if found.test else ""
    where = "evidence.test" if found.lead.split == "test" else "evidence.valid"
    if found.lead is not found.test and found.test is not None:
        where = "evidence.folds" if shown.folds else "evidence.valid.more"
    lead: list[Child] = [Said(where, count=formats.count(shown.examples), test=test)]
    if story.task.output.kind.of_words:
        parts = [_kinds(shown), _scores(shown.table, "type"), _scores(shown.tags, "tag")]
    else:
        parts = [confusion_table(shown), _scores(shown.table, "label")]
    if shown.confusion:
        many = len(shown.labels) > WHOLE
        said = Said("confusion.pairs", count=formats.count(len(shown.labels))) if many else Said("confusion.lead")
        lead += [Said("gap"), said]
    return join(tag("p", lead, class_="prose"), *parts)


def confusion_table(shown: Evidence) -> Markup | None:
    """Return who was taken for whom, where each example has one label."""
    if not shown.confusion:
        return None
    return _pairs(shown) if len(shown.labels) > WHOLE else _heat(shown)


def _heat(shown: Evidence) -> Markup:
    """Return the whole table; columns go by number where the names are too many or too long to stand above them."""
    labels = shown.labels
    longest = max(map(formats.width, labels))
    class_ = "heat by-number" if len(labels) * max(longest, SHORT) > ACROSS else "heat"
    heads = [
        tag("th", tag("span", label, class_="full"), tag("span", place, class_="short"), scope="col", title=label)
        for place, label in enumerate(labels, 1)
    ]
    corner = tag("td", Said("confusion.true"), " ↓ ", Said("confusion.predicted"), " →", class_="corner")
    body = [_row(place, labels[place], row) for place, row in enumerate(shown.matrix().tolist())]
    style = f"--cell:{max(SHORT, 0.9 * longest + 0.8):.1f}rem"
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
    name = tag("th", tag("span", place + 1, class_="short"), label, scope="row", title=label)
    return tag("tr", name, *cells)


def _pairs(shown: Evidence) -> Markup:
    """Return the pairs of labels that were most often confused."""
    if not shown.confused:
        return tag("p", Said("confusion.none"), class_="prose")
    columns = (
        Column(Said("confusion.true"), "name"),
        Column(Said("confusion.predicted")),
        Column(Said("confusion.count"), "number"),
        Column(Said("confusion.share"), "number"),
    )
    support = {row.label: row.support for row in shown.table}
    rows: list[list[Child]] = []
    for pair in shown.confused:
        share = pair.count / max(1, support.get(pair.true, 0))
        rows.append([pair.true, pair.predicted, formats.count(pair.count), formats.share(share)])
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


def _scores(found: Sequence[LabelRow], kind: str) -> Markup | None:
    """Return precision, recall and F1 of every label, type or tag, their averages last."""
    if not found:
        return None
    columns = (
        Column(Said(f"confusion.{kind}"), "name"),
        Column(Said("confusion.precision"), "number"),
        Column(Said("confusion.recall"), "number"),
        Column(Said("confusion.f1"), "number"),
        Column("", "bar"),
        Column(Said("confusion.support"), "number"),
        Column(Said("confusion.given"), "number"),
    )
    title = Said(f"confusion.{kind}s")
    means = [_cells(one, Said(f"confusion.average.{one.label}")) for one in average_rows(found)]
    if len(found) <= OPEN:
        return join(tag("h3", title), table(columns, [*map(_cells, found), *means], "scores"))
    # The weakest first: nobody reads a long table to its end.
    weakest = sorted(found, key=lambda one: (not one.support, one.f1))
    whole = table(columns, [*map(_cells, weakest[:MOST]), *means], "scores")
    return disclosed([title, f" ({formats.count(len(found))})"], cut_off(len(found)), whole)


def _cells(one: LabelRow, name: Child = None) -> list[Child]:
    return [
        name or one.label,
        formats.score(one.precision if one.predicted else None),
        formats.score(one.recall if one.support else None),
        formats.score(one.f1 if one.support or one.predicted else None),
        share_bar(one.f1) if one.support or one.predicted else None,
        formats.count(one.support),
        formats.count(one.predicted),
    ]
