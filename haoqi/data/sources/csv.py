"""Tables in text: comma, tab, semicolon or any other delimiter, with or without a line of names."""

import re
from collections import Counter
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.data.decode import Decoded, decode_told, head, read_bytes
from haoqi.data.dialect import (
    ENDINGS,
    Dialect,
    find_dialect,
    guess_delimiter,
    lines_of,
    looks_swallowed,
    read_rows,
)
from haoqi.data.header import find_header
from haoqi.data.raw import Raw, digest
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources
from haoqi.data.table import Table, tell_apart, to_raw

UNSURE_HEADER = "whether the first line names the columns is unsure: --header 1 says that it does, --header 0 that not"
# Rows of another width up to this share are left out, and told.
RAGGED = 0.02
# From this share on the delimiter is none.
NO_TABLE = 0.25
_COMMON = 2_000
_RULE = re.compile(r"\s*(:?-+:?)?\s*")
_LONG_CELLS = 3


@sources.register
class Csv:
    """Rows of cells, a line each unless a quoted cell runs over several."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file() or not (start := head(path, settings.encoding)):
            return 0.0
        if path.suffix.lower() in ENDINGS:
            return 0.9
        delimiter, _ = guess_delimiter(start, settings.delimiter, "")
        return 0.4 if delimiter else 0.1

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        decoded = decode_told(read_bytes(path), path, settings.encoding)
        text = decoded.text
        usual = ENDINGS.get(path.suffix.lower(), "")
        said = {"delimiter": settings.delimiter, "quote": settings.quote, "escape": settings.escape}
        dialect = find_dialect(text, usual=usual, **said)
        found = [(line, row) for line, row in read_rows(lines_of(text), dialect) if row]
        _check_delimiter(path, text, found, settings, labelled=labelled)
        return to_raw(_table(path, found, dialect, decoded, settings=settings), settings, labelled)


def _table(
    path: Path, found: list[tuple[int, list[str]]], dialect: Dialect, decoded: Decoded, *, settings: DataSettings
) -> Table:
    """Return the rows as columns, those of another width left out and counted."""
    width = _width([row for _, row in found])
    trimmed = [(line, row[:width] if len(row) > width and not any(row[width:]) else row) for line, row in found]
    header = find_header([row for _, row in trimmed[:_COMMON]], said=settings.header)
    body = trimmed[header.row + 1 :]
    if body and dialect.delimiter == "|" and all(_RULE.fullmatch(cell) for cell in body[0][1]):
        body = body[1:]  # the line below the names of a table in Markdown
    ragged = [line for line, row in body if len(row) != width]
    _check_ragged(path, ragged, len(body), settings)
    rows = [row for _, row in body if len(row) == width]
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header.names)
    names, doubled = tell_apart(header.names, cells, path.name)
    columns = {name: list(column) for name, column in zip(names, cells, strict=True)}
    if dialect.delimiter == "|":  # nothing stands outside of the outer lines of a table
        columns = {n: c for n, c in columns.items() if any(c) or not n.startswith("column ")} or columns
    titles = header.row if header.row > 0 else 0
    notes = [f"{dialect.why_skip} before the table left out"] if dialect.skip else []
    notes += [f"{titles} lines of title before the names of the columns left out"] if titles else []
    notes += ["the first line holds no names of columns: they are called 1, 2, 3"] if header.names[0] == "1" else []
    notes += doubled
    warnings = _doubts(path, rows, dialect)
    warnings += [
        "whether the first line names the columns is unsure: --header 1 says yes, --header 0 no"
    ] * header.unsure
    warnings += [_told_ragged(ragged)] if ragged else []
    return Table(
        path.name,
        columns,
        "csv",
        digest([decoded.text]),
        encoding=decoded.encoding,
        delimiter=dialect.delimiter if len(header.names) > 1 else None,
        quote=dialect.shown_quote,
        escape=dialect.escape,
        header=header.row + 1,
        skipped={"a different number of columns": len(ragged)} if ragged else {},
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _width(rows: list[list[str]]) -> int:
    """Return the usual number of cells: that of most rows, or of the first where most of the others have it, too."""
    widths = Counter(map(len, rows[:10_000]))
    width = widths.most_common(1)[0][0] if widths else 0
    return len(rows[0]) if rows and widths[len(rows[0])] > 0.5 * sum(widths.values()) else width


def _doubts(path: Path, rows: list[list[str]], dialect: Dialect) -> list[str]:
    """Return a warning where cells run over lines that look like rows of their own."""
    if not dialect.quoted:
        return []
    count = sum(
        any("\n" in cell and looks_swallowed(cell, dialect.delimiter, len(row)) for cell in row) for row in rows
    )
    if not count:
        return []
    return [f"{count:,} cells of {path.name} hold what look like whole rows: --quote none reads quotes as characters"]


def _check_delimiter(
    path: Path, text: str, rows: list[tuple[int, list[str]]], settings: DataSettings, *, labelled: bool
) -> None:
    if not rows:
        raise UserError(f"{path.name} has no rows", "give a file with a text and a label in each row")
    if not labelled or any(len(row) > 1 for _, row in rows[:_COMMON]):
        return
    other, _ = guess_delimiter(text, None, "")
    if settings.delimiter and other:
        found = {"\t": "a tab"}.get(other, other)
        raise UserError(
            f"{path.name} has one column when cut at {settings.delimiter!r}",
            f"its delimiter looks like {found}; leave --delimiter out",
        )
    raise UserError(
        f"{path.name} has one column only, {rows[0][1][0][:40]!r}",
        "each row needs a text and a label; say what stands between them with --delimiter",
    )


def _told_ragged(ragged: list[int]) -> str:
    lines = ", ".join(map(str, ragged[:5])) + (", ..." if len(ragged) > 5 else "")
    return f"{len(ragged):,} rows of another number of columns are left out (lines {lines}); --bad-rows 0 allows none"


def _check_ragged(path: Path, ragged: list[int], total: int, settings: DataSettings) -> None:
    if len(ragged) > settings.bad_share(RAGGED) * total:
        lines = ", ".join(map(str, ragged[:5])) + (", ..." if len(ragged) > 5 else "")
        if len(ragged) > NO_TABLE * total and not settings.delimiter and path.suffix.lower() not in ENDINGS:
            raise UserError(
                f"{path.name} is no table: no delimiter cuts its lines into as many cells each",
                "give a text and its label on each line; if it is a table, say its --delimiter and --quote",
            )
        raise UserError(
            f"{len(ragged):,} of {total:,} rows of {path.name} have a different number of columns (lines {lines})",
            "check the delimiter and the quotes, or leave such rows out with --bad-rows",
        )
