"""Tables that scroll inside their own box where a page is narrow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from haoqi.report.markup import Child, Markup, Said, join, tag

MOST = 200
"""A table of labels is cut off here, so that a thousand labels make no page of a megabyte."""


@dataclass(frozen=True)
class Column:
    """A column's heading, and how its cells are set."""

    name: Child
    class_: str = ""
    """"number": to the right, in figures of one width; "name": the row's heading."""


def table(columns: Sequence[Column], rows: Iterable[Sequence[Child]], class_: str = "") -> Markup:
    """Return a table in a box of its own."""
    head = tag("tr", *(tag("th", column.name, scope="col", class_=column.class_ or None) for column in columns))
    body = [tag("tr", *(_cell(column, cell) for column, cell in zip(columns, row, strict=True))) for row in rows]
    whole = tag("table", tag("thead", head), tag("tbody", *body), class_=class_ or None)
    return tag("div", whole, class_="scroll", tabindex="0")


def disclosed(summary: Child, *content: Child, open_: bool = False) -> Markup:
    """Return content that a reader opens; on paper it is open."""
    return tag("details", tag("summary", summary), *content, open=open_)


def cut_off(rows: int) -> Markup | None:
    """Return a word on how many rows of a table are left out, if any are."""
    return tag("p", Said("table.cut", shown=MOST, total=rows), class_="quiet") if rows > MOST else None


def listed(items: Sequence[Markup], shown: int, class_: str) -> Markup:
    """Return a list of which the first items are seen and the rest can be opened."""
    first, rest = items[:shown], items[shown:]
    more = disclosed(Said("table.more", count=len(rest)), tag("ol", *rest, class_=class_)) if rest else None
    return join(tag("ol", *first, class_=class_), more)


def _cell(column: Column, cell: Child) -> Markup:
    if column.class_ == "name":
        return tag("th", cell, scope="row", class_="name")
    return tag("td", cell, class_=column.class_ or None)
