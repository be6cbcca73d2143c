"""Files of rows that are read one row at a time: which format, which column holds the text."""

import csv
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from haoqi.core.errors import UserError, require
from haoqi.data.choose import LABELS, TEXTS, choose
from haoqi.data.decode import recognise_file
from haoqi.data.records import record_of
from haoqi.data.settings import DataSettings

Row = dict[str, Any]
Read = Callable[[], Iterator[tuple[Row, int]]]

LOOK_BYTES = 1 << 18
LOOK_ROWS = 500
BATCH = 1024
_USUAL = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_SHORT_NAME = re.compile(r"(?=.*[^\W\d])[\w\s\-/()#:.]{0,63}[\w)]")


@dataclass(frozen=True)
class Rows:
    """The rows of a file, read anew by every loop over them."""

    columns: list[str]
    text: str
    """The column that is answered."""
    total: int
    """How much there is to read, in the unit of what comes with each row."""
    read: Read

    def __iter__(self) -> Iterator[tuple[Row, int]]:
        """Yield each row by column, and how much has been read."""
        return self.read()


def opened(path: Path, text: str | None = None, delimiter: str | None = None, encoding: str | None = None) -> Rows:
    """Return the rows of a file, with the column of the text as said or guessed.

    Args:
        path: CSV, TSV, JSON Lines, Parquet, Excel, or a text on each line.
        text: the column of the text.
        delimiter: what stands between two columns; recognised where not said.
        encoding: recognised where not said.

    Raises:
        UserError: if there is no such file, it is empty or of no known format, or it has no such column.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path}", "check the spelling and the folder you are in")
    settings = DataSettings(str(path), text=text, delimiter=delimiter, encoding=encoding)
    kind = path.suffix.lower()
    if kind in (".parquet", ".pq"):
        return _parquet(path, settings)
    if kind in (".xlsx", ".xlsm"):
        return _excel(path, settings)
    encoding = encoding or recognise_file(path).encoding
    if kind in (".jsonl", ".ndjson"):
        return _json_lines(path, encoding, settings)
    if kind == ".json":
        raise UserError(f"{path} is JSON, which must be read whole", "write it as JSON Lines, a record a line: .jsonl")
    if kind in _USUAL or delimiter or text:
        return _table(path, encoding, settings)
    return Rows(["text"], "text", path.stat().st_size, lambda: _lines(path, encoding))


def _lines(path: Path, encoding: str) -> Iterator[tuple[Row, int]]:
    with _reading(path, encoding) as (file, seen):
        for line in file:
            if line.strip():
                yield {"text": line.rstrip("\r\n")}, seen()


def _json_lines(path: Path, encoding: str, settings: DataSettings) -> Rows:
    def read() -> Iterator[tuple[Row, int]]:
        with _reading(path, encoding) as (file, seen):
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _record(line, number, path), seen()

    # Records may differ in their fields, and a table's first line must name them all.
    columns = list(dict.fromkeys(key for row, _ in read() for key in row))
    return Rows(columns, _text_column(path, columns, read, settings), path.stat().st_size, read)


def _record(line: str, number: int, path: Path) -> Row:
    try:
        found = record_of(line)
    except ValueError:
        found = None
    if isinstance(found, str):
        return {"text": found}
    if not isinstance(found, dict):
        raise UserError(f"line {number} of {path.name} is not a record", 'write {"text": "..."} on each line')
    return found


def _table(path: Path, encoding: str, settings: DataSettings) -> Rows:
    from haoqi.data.sources.csv import guess

    with _reading(path, encoding) as (file, _):
        start = file.read(LOOK_BYTES)
    delimiter, quoted = guess(start, settings.delimiter, _USUAL.get(path.suffix.lower(), ""))
    style: Row = {"delimiter": delimiter or ",", "quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE}
    first = next(row for row in csv.reader(start.split("\n"), **style) if any(row))
    body = list(islice((row for row in csv.reader(start.split("\n"), **style) if any(row)), 1, LOOK_ROWS))
    named = _is_header([cell.strip() for cell in first], body, settings)
    names = [cell.strip() or f"column {place}" for place, cell in enumerate(first, 1)]
    columns = names if named else [str(place) for place in range(1, len(first) + 1)]
    if len(set(columns)) < len(columns):
        raise UserError(
            f"{path.name} has several columns of one name: {', '.join(columns)}", "rename them in its first line"
        )

    def read() -> Iterator[tuple[Row, int]]:
        csv.field_size_limit(1 << 30)
        with _reading(path, encoding) as (file, seen):
            reader = csv.reader(file, **style)
            found = islice((row for row in reader if any(row)), int(named), None)
            try:
                for row in found:
                    yield _cells(columns, row, reader.line_num, path), seen()
            except csv.Error as error:
                raise UserError(
                    f"line {reader.line_num} of {path.name} cannot be read: {error}", "check the quotes near it"
                ) from None

    return Rows(columns, _text_column(path, columns, read, settings), path.stat().st_size, read)


def _cells(columns: list[str], row: list[str], line: int, path: Path) -> Row:
    if len(row) > len(columns) and any(row[len(columns) :]):
        raise UserError(
            f"line {line} of {path.name} has {len(row)} cells for {len(columns)} columns",
            "check its quotes, or say the delimiter with --delimiter",
        )
    return dict(zip(columns, [*row, *[""] * (len(columns) - len(row))], strict=False))


def _is_header(first: list[str], body: list[list[str]], settings: DataSettings) -> bool:
    """Return whether a table's first row names its columns."""
    if settings.text is not None:
        return settings.text in first
    if {cell.lower() for cell in first} & {*TEXTS, *LABELS}:
        return True
    if (
        len(first) == 1
        or len(set(first)) < len(first)
        or not all(_SHORT_NAME.fullmatch(cell) for cell in first if cell)
    ):
        return False
    return not any(
        cell and cell in {row[place] for row in body if place < len(row)} for place, cell in enumerate(first)
    )


def _parquet(path: Path, settings: DataSettings) -> Rows:
    parquet = require("pyarrow.parquet", "parquet")
    try:
        with parquet.ParquetFile(path) as file:
            columns, total = list(file.schema_arrow.names), file.metadata.num_rows
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as Parquet: {error}", "is it whole?") from None

    def read() -> Iterator[tuple[Row, int]]:
        number = 0
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield row, number

    return Rows(columns, _text_column(path, columns, read, settings), total, read)


def _excel(path: Path, settings: DataSettings) -> Rows:
    openpyxl = require("openpyxl", "excel")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets the errors of zip, XML and its own through
        raise UserError(f"{path} cannot be read as Excel: {error}", "is it whole? Save it anew, or as CSV") from None
    sheet = book.worksheets[0]
    first = next(sheet.iter_rows(values_only=True), ())
    columns = [str(cell).strip() if cell is not None else f"column {place}" for place, cell in enumerate(first, 1)]

    def read() -> Iterator[tuple[Row, int]]:
        for number, row in enumerate(sheet.iter_rows(min_row=2, values_only=True), 1):
            if any(cell is not None for cell in row):
                yield dict(zip(columns, row, strict=False)), number

    return Rows(columns, _text_column(path, columns, read, settings), sheet.max_row or 1, read)


def _text_column(path: Path, columns: list[str], read: Read, settings: DataSettings) -> str:
    """Return the column of the text: as said, the only one, or chosen as for learning."""
    sample = [row for row, _ in islice(read(), LOOK_ROWS)]
    if not sample:
        raise UserError(f"{path.name} has no rows", "give a file with a text in each row")
    if settings.text is None:
        usual = [column for column in columns if column.lower() in TEXTS]
        if len(columns) == 1 or len(usual) == 1:
            return (usual or columns)[0]
    cells = {column: [row.get(column) for row in sample] for column in columns}
    return choose(path.name, cells, settings, labelled=False).text


class _reading:  # noqa: N801 - used as `with _reading(...)`
    """Opens a text file, gives it with a function that says how many bytes were read, and explains what is wrong."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path, self.encoding = path, encoding

    def __enter__(self) -> tuple[TextIO, Callable[[], int]]:
        try:
            self.file = self.path.open(encoding=self.encoding, newline="")
        except LookupError:
            raise UserError(f"there is no encoding {self.encoding}", "try utf-8, gb18030, utf-16 or latin-1") from None
        except OSError as error:
            raise UserError(f"{self.path} cannot be read: {error.strerror}", "may you read it?") from None
        return self.file, lambda: os.lseek(self.file.fileno(), 0, os.SEEK_CUR)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.file.close()
        if isinstance(error, UnicodeError):
            raise UserError(
                f"{self.path.name} is not in the encoding {self.encoding}: {error}", "say which it is with --encoding"
            ) from None
