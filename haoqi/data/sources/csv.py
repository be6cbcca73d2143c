"""Tables in text: comma, tab, semicolon or any other delimiter, with or without a line of names."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
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
from haoqi.data.table import Table, check_names, to_raw

UNSURE_HEADER = "whether the first line names the columns is unsure: --header 1 says that it does, --header 0 that not"
_COMMON = 2_000
# Rows that tell the usual width, and rows that are taken at a time.
_FIRST, _LOT = 10_000, 8_192


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
        usual = ENDINGS.get(path.suffix.lower(), "")
        said = {"delimiter": settings.delimiter, "quote": settings.quote, "escape": settings.escape}
        dialect = find_dialect(decoded.text, usual=usual, **said)
        table = _table(path, decoded, dialect, settings, labelled=labelled)
        del decoded  # the text would be held twice while its meaning is found out
        return to_raw(table, settings, labelled)


def _table(path: Path, decoded: Decoded, dialect: Dialect, settings: DataSettings, *, labelled: bool) -> Table:
    """Return the rows as columns, those of another width left out and counted."""
    mark = digest([decoded.text])  # before there are columns, for it copies the text
    found = ((line, row) for line, row in read_rows(lines_of(decoded.text), dialect) if row)
    first = list(islice(found, _FIRST))
    _check_delimiter(path, decoded.text, first, settings, labelled=labelled)
    width = _width([row for _, row in first])
    header = find_header([_trimmed(row, width) for _, row in first[:_COMMON]], said=settings.header)
    check_names(header.names, path.name)
    gathered = _Gathered(width, dialect)
    gathered.take(chain(first[header.row + 1 :], found))
    _check_ragged(path, gathered.ragged, gathered.total, settings)
    ragged = len(gathered.ragged)
    columns = dict(zip(header.names, gathered.columns, strict=True))
    titles = header.row if header.row > 0 else 0
    notes = [f"{dialect.why_skip} before the table left out"] if dialect.skip else []
    notes += [f"{titles} lines of title before the names of the columns left out"] if titles else []
    notes += ["the first line holds no names of columns: they are called 1, 2, 3"] if header.names[0] == "1" else []
    warnings = _doubts(path, gathered.swallowed)
    warnings += [UNSURE_HEADER] * header.unsure
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
        skipped={"a different number of columns": ragged} if ragged else {},
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


def _check_ragged(path: Path, ragged: list[int], total: int, settings: DataSettings) -> None:
    if len(ragged) > settings.bad_rows * total:
        lines = ", ".join(map(str, ragged[:5])) + (", ..." if len(ragged) > 5 else "")
        raise UserError(
            f"{len(ragged):,} of {total:,} rows of {path.name} have a different number of columns (lines {lines})",
            "check the delimiter and the quotes, or leave such rows out with --bad-rows",
        )
