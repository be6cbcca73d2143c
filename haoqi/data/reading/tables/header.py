"""Which row of a table names its columns: the same answer for learning and for predicting."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from haoqi.data.reading.tables.column_kinds import Kind, cell_kind, is_empty
from haoqi.data.reading.tables.column_names import label_name, text_name

# Rows that a header is told from.
LOOK_AT = 500
_NUMBERED = re.compile(r"[^\W\d]{1,20}[_.\- ]?\d{1,4}")
# Kinds that no name of a column is of.
_TOLD = frozenset[Kind](("number", "time", "address", "identifier"))
_CODE_NAME = re.compile(r"[^\W\d]\w*([._\- ]\w+){0,3}")


@dataclass(frozen=True)
class Header:
    """The names of a table's columns and where they stand."""

    names: list[str]
    row: int
    """Place of the row of names among the rows that are not blank, from 0; -1: none, columns are called 1, 2, 3."""
    unsure: bool = False


def find_header(rows: Sequence[Sequence[Any]], *, said: int | None = None) -> Header:
    """Return the names of the columns: of the first row of the table's usual width, or numbers where it holds data.

    Rows before it that fill fewer cells are titles.

    Args:
        rows: the first rows of a table that are not blank.
        said: the row that names the columns, from 1; 0: none does; None: found out.
    """
    if not rows:
        return Header([], -1)
    width = max(Counter(len(row) for row in rows[:LOOK_AT]).items(), key=lambda one: one[1])[0]
    if said is not None:
        at = min(said, len(rows)) - 1
        return Header(_names(rows[at], width) if at >= 0 else _numbers(width), at)
    at = _below_titles(rows, width)
    first = [_word(cell) for cell in rows[at][:width]]
    body = [row for row in rows[at + 1 : at + 1 + LOOK_AT] if len(row) == width]
    if any(map(_usual, first)):
        body = [row for row in body if not repeats_names(row, first)]
    score = _evidence(first, body)
    if score > 0:
        return Header(_names(rows[at], width), at, unsure=score < 1)
    return Header(_numbers(width), at - 1 if at else -1, unsure=score > -1)


def repeats_names(row: Sequence[Any], names: Sequence[str]) -> bool:
    """Return whether a row says the names of the columns again, as where tables were put one after another."""
    return [_word(cell) for cell in row] == list(names)


def further_names(columns: Mapping[str, Sequence[Any]]) -> int:
    """Return how many rows below the names say more of the columns, as exports of surveys have them.

    They hold words, or nothing, in every column that holds numbers, times or identifiers further down.
    """
    told = {name: cells for name, cells in columns.items() if len(cells) > 10 and _told_by_kind(cells[3:])}
    if len(told) < 2:
        return 0
    for row in range(3):
        if any(not is_empty(cells[row]) and cell_kind(_word(cells[row])) in _TOLD for cells in told.values()):
            return row
    return 0  # whatever begins so further down is no row of names


def _told_by_kind(cells: Sequence[Any]) -> bool:
    few = cells[:LOOK_AT]
    kinds = Counter(cell_kind(_word(cell)) for cell in few if not is_empty(cell))
    return sum(kinds[kind] for kind in _TOLD) >= 0.95 * len(few)


def _below_titles(rows: Sequence[Sequence[Any]], width: int) -> int:
    """Return the place of the first row that fills as many cells as the table usually does."""
    filled = [sum(not is_empty(cell) for cell in row) for row in rows[:LOOK_AT]]
    usual = Counter(filled).most_common(1)[0][0]
    if usual < 2:
        return 0
    # One name may be missing: of an index in front, or of a column in a wide table.
    lacking = [int(width > 4 or is_empty(row[0])) for row in rows[:30]]
    counts = zip(filled[:30], lacking, strict=True)
    return next((at for at, (count, less) in enumerate(counts) if count >= min(usual, width) - less), 0)


def _names(row: Sequence[Any], width: int) -> list[str]:
    cells = [*row, *[""] * width][:width]
    return [_word(cell) or f"column {place}" for place, cell in enumerate(cells, 1)]


def _numbers(width: int) -> list[str]:
    return [str(place) for place in range(1, width + 1)]


def _word(cell: Any) -> str:
    return "" if is_empty(cell) else " ".join(str(cell).split())


def _evidence(first: Sequence[str], body: Sequence[Sequence[Any]]) -> float:
    """Return how much speaks for a first row of names, summed over the columns; below 0 where it is data."""
    named = [cell for cell in first if cell]
    words = [_word(one) for row in body[:50] for one in row]
    if _counted(first) and any(word and cell_kind(word) == "text" for word in words):
        return 1.0  # as data frames without names write them
    if not named or (len(set(named)) < len(named) and not any(map(_usual, named))):
        return -2.0
    if not body:
        return 1.0 if any(_usual(cell) for cell in named) and not any(len(cell) > 60 for cell in named) else -1.0
    if len(first) == 1:
        # Texts alone: a sentence that ends in "comment" is no name, so nothing but a word is.
        word = " " not in named[0] and (_usual(named[0]) or "_" in named[0])
        return 1.0 if word and named[0] not in {_word(row[0]) for row in body} else -1.0
    score = sum(_column_evidence(cell, [_word(row[place]) for row in body]) for place, cell in enumerate(first) if cell)
    return score + 1.0 * all(_CODE_NAME.fullmatch(cell) and len(cell) < 40 for cell in named) * (len(named) > 1) - 0.5


def _counted(first: Sequence[str]) -> bool:
    """Return whether a row is 0, 1, 2, with at most a blank before it.

    >>> _counted(["", "0", "1"]), _counted(["0", "a"])
    (True, False)
    """
    cells = first[1:] if first and not first[0] else first
    return len(cells) > 1 and list(cells) == list(map(str, range(len(cells))))


def _column_evidence(cell: str, column: Sequence[str]) -> float:
    """Return what one cell of the first row says against the cells below it."""
    below = [one for one in column if one]
    if not below:
        return 0.5 if _usual(cell) else 0.0
    if _usual(cell):
        return 3.0 if cell not in below else -1.0
    kind = cell_kind(cell)
    kinds = Counter(map(cell_kind, below))
    if kind == "identifier" and _NUMBERED.fullmatch(cell) and not kinds["identifier"]:
        kind = "name"  # v1, f17, question1: names that are counted, over cells of another kind
    usual, count = kinds.most_common(1)[0]
    if kind in ("number", "time", "address", "identifier", "path", "record"):
        return -3.0 if kinds[kind] else -1.5
    if usual in ("number", "time", "address", "identifier", "record") and count > 0.9 * len(below):
        return 2.5
    distinct = set(below)
    if cell in distinct:
        return -3.0
    if len(below) >= 20 and len(distinct) <= 0.2 * len(below):
        return 1.5  # a class that none of the rows below has
    short = quantiles(map(len, below), n=20)[0] if len(below) > 1 else len(below[0])
    if _CODE_NAME.fullmatch(cell) and len(cell) < min(25.0, 0.7 * short):
        return 1.0 if "_" in cell or " " not in cell else 0.6
    return 0.3 if cell.endswith("?") and not any(one.endswith("?") for one in below[:50]) else -0.3


def _usual(cell: str) -> bool:
    """Return whether a cell is a usual name of a column."""
    if cell.count(" ") > 3:
        return False
    return len(cell) <= 40 and (text_name(cell) >= 0.8 or label_name(cell) >= 0.5 or cell.lower() in ("id", "index"))
