"""Tables in text: comma, tab, semicolon or any other delimiter, with or without a line of names."""

from collections import Counter
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
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
from haoqi.data.table import Table, check_names, to_raw

# Rows of another width up to this share are left out, and told.
RAGGED = 0.02
_COMMON = 2_000
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
    check_names(header.names, path.name)
    body = trimmed[header.row + 1 :]
    ragged = [line for line, row in body if len(row) != width]
    _check_ragged(path, ragged, len(body), settings)
    rows = [row for _, row in body if len(row) == width]
    cells = zip(*rows, strict=True) if rows else [()] * len(header.names)
    columns = {name: list(column) for name, column in zip(header.names, cells, strict=True)}
    titles = header.row if header.row > 0 else 0
    notes = [say("csv.before", why_skip=dialect.why_skip)] if dialect.skip else []
    notes += [say("csv.titles", titles=titles)] if titles else []
    notes += [say("csv.nameless")] if header.names[0] == "1" else []
    warnings = _doubts(path, rows, dialect)
    warnings += [say("csv.header_unsure")] * header.unsure
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
        skipped={say("left.ragged"): len(ragged)} if ragged else {},
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
    return [say("csv.swallowed", count=count, name=path.name)]


def _check_delimiter(
    path: Path, text: str, rows: list[tuple[int, list[str]]], settings: DataSettings, *, labelled: bool
) -> None:
    if not rows:
        raise UserError(say("fault.no_rows", name=path.name), say("fault.no_rows.hint"))
    if not labelled or any(len(row) > 1 for _, row in rows[:_COMMON]):
        return
    other, _ = guess_delimiter(text, None, "")
    if settings.delimiter and other:
        found = say("csv.tab") if other == "\t" else other
        raise UserError(
            say("csv.one_column_cut", name=path.name, delimiter=settings.delimiter),
            say("csv.one_column_cut.hint", found=found),
        )
    raise UserError(
        say("csv.one_column", name=path.name, rows=rows[0][1][0][:40]),
        say("csv.one_column.hint"),
    )


def _told_ragged(ragged: list[int]) -> str:
    lines = _first(ragged)
    return say("csv.ragged", count=len(ragged), lines=lines)


def _check_ragged(path: Path, ragged: list[int], total: int, settings: DataSettings) -> None:
    if len(ragged) > settings.bad_share(RAGGED) * total:
        lines = _first(ragged)
        raise UserError(
            say("csv.too_ragged", count=len(ragged), total=total, name=path.name, lines=lines),
            say("csv.too_ragged.hint"),
        )


def _first(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:5]))
    return say("list.cut", listed=shown) if len(lines) > 5 else shown
