"""Excel workbooks: the sheet that looks like a table, below the row that names its columns."""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from haoqi.core.errors import UserError, require, unknown
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import read_bytes
from haoqi.data.reading.row_stream import Row, RowStream, StreamedFile
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.column_kinds import is_empty
from haoqi.data.reading.tables.header import find_header
from haoqi.data.reading.tables.table import Table, tell_apart, to_raw
from haoqi.data.settings import DataSettings

ENDINGS = (".xlsx", ".xlsm")
# Rows by which a sheet is judged.
_LOOK_AT = 500
_ZEROS = re.compile(r"0+")


@sources.register
class Excel:
    """Cells as they are shown; formulas give their last value."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        return 1.0 if path.suffix.lower() in ENDINGS and path.is_file() else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        content = read_bytes(path)
        sheet, rows, notes = read_sheet(content, path, settings)
        header = find_header(rows[:_LOOK_AT], said=settings.header)
        body = rows[header.row + 1 :]
        if not body:
            raise UserError(say("fault.no_rows", name=path.name), say("excel.no_rows.hint"))
        cells = [[row[place] for row in body] for place in range(len(header.names))]
        names, doubled = tell_apart(header.names, cells, path.name)
        columns = dict(zip(names, cells, strict=True))
        notes += doubled
        notes += [say("excel.titles", row=header.row)] if header.row > 0 else []
        notes += [say("excel.nameless")] if header.names[0] == "1" else []
        mark = digest([content, sheet])
        table = Table(path.name, columns, "excel", mark, sheet=sheet, header=header.row + 1, notes=tuple(notes))
        return to_raw(table, settings, labelled)

    def stream(self, file: StreamedFile) -> RowStream:
        """Return the rows of the sheet; workbooks are read whole."""
        sheet, found, notes = read_sheet(read_bytes(file.path), file.path, file.settings)
        header = find_header(found[:_LOOK_AT], said=file.settings.header)
        body = found[header.row + 1 :]

        def read() -> Iterator[tuple[Row, int]]:
            for number, row in enumerate(body, 1):
                yield dict(zip(header.names, row, strict=True)), number

        chosen = () if notes else (say("predict.sheet", sheet=sheet),)  # a note says which of several was chosen
        return RowStream(header.names, read, len(body) or 1, header.row + 1, (*chosen, *notes))


def read_sheet(content: bytes, path: Path, settings: DataSettings) -> tuple[str, list[list[Any]], list[str]]:
    """Return the name of the sheet that is read, its rows that are not blank, all of one width, and what to tell.

    Raises:
        UserError: if it is no workbook, or has no sheet as named.
    """
    openpyxl = require("openpyxl", "excel")
    try:
        book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
        names = [sheet.title for sheet in book.worksheets]
        chosen, notes = _choose(book, names, settings.sheet, path)
        rows = list(_rows(book[chosen]))
        book.close()
    except UserError:
        raise
    except (BadZipFile, KeyError, ValueError, OSError, TypeError, AttributeError, IndexError, SyntaxError) as error:
        raise UserError(
            say("excel.no_workbook", name=path.name, error=str(error)), say("excel.no_workbook.hint")
        ) from None
    return chosen, _squared(rows), notes


def _choose(book: Any, names: Sequence[str], said: str | None, path: Path) -> tuple[str, list[str]]:
    """Return the sheet as said, else the one that fills the most cells in rows of at least two."""
    if said is not None:
        if said in names:
            return said, []
        if said.isdecimal() and 0 < int(said) <= len(names):
            return names[int(said) - 1], []
        hint = unknown("sheet", said, names).hint
        raise UserError(say("excel.no_sheet", name=path.name, said=said, names=", ".join(names)), hint)
    if not names:
        raise UserError(say("excel.empty", name=path.name), say("excel.empty.hint"))
    filled = {name: _weight(book[name]) for name in names} if len(names) > 1 else {names[0]: 1}
    best = max(names, key=lambda name: filled[name])
    rest = [name for name in names if name != best]
    return best, [say("excel.other_sheets", best=best, names=", ".join(rest))] if rest else []


def _weight(sheet: Any) -> int:
    """Return how many of a sheet's first rows look like those of a table, longer ones counting for more."""
    found = []
    for row in _rows(sheet):
        found.append(sum(not is_empty(cell) for cell in row))
        if len(found) == _LOOK_AT:
            break
    return sum(min(count, 4) for count in found if count > 1)


def _rows(sheet: Any) -> Iterator[list[Any]]:
    """Yield the rows of a sheet that are not blank; the size that some programs write into a file is not believed."""
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        cells = [_shown(cell) for cell in row]
        if not all(is_empty(cell) for cell in cells):
            yield cells


def _shown(cell: Any) -> Any:
    """Return a cell's value, a number that is shown with leading zeros as that text."""
    value = cell.value
    if type(value) is int:
        form = cell.number_format
        if form[:2] == "00" and _ZEROS.fullmatch(form):
            return f"{value:0{len(form)}d}"
    return value


def _squared(rows: list[list[Any]]) -> list[list[Any]]:
    """Return rows of one width, without columns that are blank in all."""
    width = max(map(len, rows), default=0)
    filled = [row + [None] * (width - len(row)) for row in rows]
    kept = [place for place in range(width) if any(not is_empty(row[place]) for row in filled)]
    return [[row[place] for place in kept] for row in filled]
