"""Tables in text: comma, tab, semicolon or any other delimiter, with or without a line of names."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import Decoded, head, read_told
from haoqi.data.reading.row_stream import SAMPLE_ROWS, Row, RowStream, StreamedFile
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.column_names import cut_names
from haoqi.data.reading.tables.dialect import (
    ENDINGS,
    Dialect,
    find_dialect,
    guess_delimiter,
    lines_of,
    looks_swallowed,
    read_rows,
)
from haoqi.data.reading.tables.header import find_header
from haoqi.data.reading.tables.table import Table, tell_apart, to_raw
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

# Rows of another width up to this share are left out, and told.
RAGGED = 0.02
# From this share on the delimiter is none.
NO_TABLE = 0.25
_COMMON = 2_000
# Characters by which the dialect and the header of a streamed table are recognised.
_DIALECT_CHARACTERS, _HEADER_CHARACTERS = 1 << 24, 1 << 18
# Rows that tell the usual width, and rows that are taken at a time.
_FIRST, _LOT = 10_000, 8_192
_RULE = re.compile(r"\s*(:?-+:?)?\s*")


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
        decoded = read_told(path, settings.encoding)
        usual = ENDINGS.get(path.suffix.lower(), "")
        said = {"delimiter": settings.delimiter, "quote": settings.quote, "escape": settings.escape}
        dialect = find_dialect(decoded.text, usual=usual, **said)
        table = _table(path, decoded, dialect, settings, labelled=labelled)
        del decoded  # the text would be held twice while its meaning is found out
        return to_raw(table, settings, labelled)

    def stream(self, file: StreamedFile) -> RowStream:
        """Return the rows of a table, each of which must have the width of its header."""
        path, settings = file.path, file.settings
        with file.open_text() as (text, _):
            start = text.read(_DIALECT_CHARACTERS)
        usual = ENDINGS.get(path.suffix.lower(), "")
        said = {"delimiter": settings.delimiter, "quote": settings.quote, "escape": settings.escape}
        dialect = find_dialect(start, usual=usual, **said)
        lines = lines_of(start[:_HEADER_CHARACTERS])
        first = [row for _, row in islice(read_rows(lines, dialect), SAMPLE_ROWS) if row]
        header = find_header(first, said=settings.header)
        if settings.header is None and header.row < 0 and _names_learnt(first, file.learnt):
            header = find_header(first, said=1)
        columns = header.names
        if len(set(columns)) < len(columns):
            raise UserError(
                say("rows.columns_twice", name=path.name, names=", ".join(columns)), say("rows.columns_twice.hint")
            )

        def read() -> Iterator[tuple[Row, int]]:
            with file.open_text() as (text, count_bytes):
                found = ((line, row) for line, row in read_rows(text, dialect) if row)
                for line, row in islice(found, header.row + 1, None):
                    yield _cells(columns, row, line, path), count_bytes()

        return RowStream(columns, read, path.stat().st_size, header=header.row + 1)


def _names_learnt(rows: Sequence[Sequence[str]], learnt: Schema | None) -> bool:
    """Return whether the first row holds the name of a column that was learnt from, though it looks like others."""
    if learnt is None or not learnt.header or not rows:
        return False
    names = {name for role in ("text", "pair") for name in cut_names(learnt.columns.get(role, ""))}
    return not names.isdisjoint(cell.strip() for cell in rows[0])


def _cells(columns: list[str], row: list[str], line: int, path: Path) -> Row:
    """Return a row by column; cells that are missing at its end are empty."""
    if len(row) > len(columns) and any(row[len(columns) :]):
        raise UserError(
            say("rows.cells", line=line, name=path.name, count=len(row), columns=len(columns)),
            say("rows.cells.hint"),
        )
    return dict(zip(columns, [*row, *[""] * (len(columns) - len(row))], strict=False))


def _table(path: Path, decoded: Decoded, dialect: Dialect, settings: DataSettings, *, labelled: bool) -> Table:
    """Return the rows as columns, those of another width left out and counted."""
    mark = digest([decoded.text])  # before there are columns, for it copies the text
    found = ((line, row) for line, row in read_rows(lines_of(decoded.text), dialect) if row)
    first = list(islice(found, _FIRST))
    _check_delimiter(path, decoded.text, first, settings, labelled=labelled)
    width = _width([row for _, row in first])
    header = find_header([_trimmed(row, width) for _, row in first[:_COMMON]], said=settings.header)
    start = header.row + 1
    if len(first) > start and dialect.delimiter == "|" and all(_RULE.fullmatch(cell) for cell in first[start][1]):
        start += 1  # the line below the names of a table in Markdown
    gathered = _Gathered(width, dialect)
    gathered.take(chain(first[start:], found))
    _check_ragged(path, gathered.ragged, gathered.total, settings)
    ragged = len(gathered.ragged)
    names, doubled = tell_apart(header.names, gathered.columns, path.name)
    columns = dict(zip(names, gathered.columns, strict=True))
    if dialect.delimiter == "|":  # nothing stands outside of the outer lines of a table
        columns = {n: c for n, c in columns.items() if any(c) or not n.startswith("column ")} or columns
    titles = header.row if header.row > 0 else 0
    notes: list[str] = [say("csv.before", why_skip=dialect.why_skip)] if dialect.skip else []
    notes += [say("csv.titles", titles=titles)] if titles else []
    notes += [say("csv.nameless")] if header.names[0] == "1" else []
    notes += doubled
    warnings = _doubts(path, gathered.swallowed)
    warnings += [say("csv.header_unsure")] * header.unsure
    warnings += [_told_ragged(gathered.ragged)] if gathered.ragged else []
    return Table(
        path.name,
        columns,
        "csv",
        mark,
        encoding=decoded.encoding,
        delimiter=dialect.delimiter if len(header.names) > 1 else None,
        quote=dialect.shown_quote,
        escape=dialect.escape,
        header=header.row + 1,
        skipped={say("left.ragged"): ragged} if ragged else {},
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _trimmed(row: list[str], width: int) -> list[str]:
    """Return a row without the empty cells beyond the usual width."""
    return row[:width] if len(row) > width and not any(row[width:]) else row


class _Gathered:
    """The cells of a table by column, taken in lots, so that a million rows are never held as rows."""

    def __init__(self, width: int, dialect: Dialect) -> None:
        self.columns: list[list[str]] = [[] for _ in range(width)]
        self.ragged: list[int] = []
        """Lines whose rows have another number of cells."""
        self.total = 0
        self.swallowed = 0
        """Rows with a cell that looks like several rows of its own."""
        self._width, self._dialect, self._last = width, dialect, 0
        self._known: list[dict[str, str] | None] = [{} for _ in range(width)]

    def take(self, rows: Iterable[tuple[int, list[str]]]) -> None:
        """Add rows with the number of their last line."""
        rows = iter(rows)
        while lot := list(islice(rows, _LOT)):
            self.total += len(lot)
            whole = [one if len(one[1]) <= self._width else (one[0], _trimmed(one[1], self._width)) for one in lot]
            self.ragged += [line for line, row in whole if len(row) != self._width]
            kept = [row for _, row in whole if len(row) == self._width]
            for place, cells in enumerate(zip(*kept, strict=True)):
                self.columns[place] += self._shared(place, cells)
            if self._dialect.quoted:  # most rows are a line, and hold no others
                ends = [self._last, *(line for line, _ in whole)]
                long = [row for before, (line, row) in zip(ends, whole, strict=False) if line > before + 1]
                self.swallowed += sum(_is_swallowed(row, self._dialect.delimiter, self._width) for row in long)
            self._last = whole[-1][0]

    def _shared(self, place: int, cells: Sequence[str]) -> Sequence[str]:
        """Return cells of a column, equal ones as one object where they repeat as classes do."""
        known = self._known[place]
        if known is None:
            return cells
        shared = [known.setdefault(cell, cell) for cell in cells]
        if len(known) > _LOT // 2:
            self._known[place] = None
        return shared


def _is_swallowed(row: list[str], delimiter: str, width: int) -> bool:
    return len(row) == width and any("\n" in cell and looks_swallowed(cell, delimiter, width) for cell in row)


def _width(rows: list[list[str]]) -> int:
    """Return the usual number of cells: that of most rows, or of the first where most of the others have it, too."""
    widths = Counter(map(len, rows))
    width = widths.most_common(1)[0][0] if widths else 0
    return len(rows[0]) if rows and widths[len(rows[0])] > 0.5 * sum(widths.values()) else width


def _doubts(path: Path, count: int) -> list[str]:
    """Return a warning where cells run over lines that look like rows of their own."""
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
        if len(ragged) > NO_TABLE * total and not settings.delimiter and path.suffix.lower() not in ENDINGS:
            raise UserError(say("csv.no_table", name=path.name), say("csv.no_table.hint"))
        raise UserError(
            say("csv.too_ragged", count=len(ragged), total=total, name=path.name, lines=lines),
            say("csv.too_ragged.hint"),
        )


def _first(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:5]))
    return say("list.cut", listed=shown) if len(lines) > 5 else shown
