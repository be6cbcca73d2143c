"""Files of rows that are read one row at a time: which format, which column holds the text."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from haoqi.core.errors import UserError, require
from haoqi.core.say import joined, say
from haoqi.data.examples import Query
from haoqi.data.reading.conform import roles_like
from haoqi.data.reading.decoding.decode import recognise_file
from haoqi.data.reading.decoding.recognition import Recognised
from haoqi.data.reading.records import record_of
from haoqi.data.reading.tables.column_names import cut_names
from haoqi.data.reading.tables.dialect import ENDINGS, find_dialect, guess_delimiter, lines_of, read_rows
from haoqi.data.reading.tables.header import find_header
from haoqi.data.reading.tables.roles import Roles
from haoqi.data.reading.tables.table import join_texts, text_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

Row = dict[str, Any]
Read = Callable[[], Iterator[tuple[Row, int]]]

LOOK_BYTES = 1 << 18
# Characters by which the quotes of a table are judged.
JUDGED = 1 << 24
LOOK_ROWS = 500
BATCH = 1024
EXCEL = (".xlsx", ".xlsm")
LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class Rows:
    """The rows of a file, read anew by every loop over them."""

    columns: list[str]
    text: tuple[str, ...]
    """The columns that are answered, joined where they are several."""
    total: int
    """How much there is to read, in the unit of what comes with each row."""
    read: Read
    told: tuple[str, ...] = ()
    """How the file was read, as sentences."""
    warnings: tuple[str, ...] = field(default=())
    pair: str | None = None
    """The column of the second text, where there is one."""

    def __iter__(self) -> Iterator[tuple[Row, int]]:
        """Yield each row by column, and how much has been read."""
        return self.read()

    def asked(self, *, pairs: bool) -> "Callable[[Row], str | Query]":
        """Return what gives the text that is asked of a row, or its two texts.

        Raises:
            UserError: if two are asked, and the file has no column of the second.
        """
        if not pairs:
            return self.text_of
        if self.pair is None:
            raise UserError(say("rows.no_pair"), say("rows.no_pair.hint"))
        return self.query_of

    def query_of(self, row: Row) -> Query:
        """Return the two texts of a row."""
        return Query(self.text_of(row), text_of(row.get(self.pair or "")))

    def text_of(self, row: Row) -> str:
        """Return what is answered of a row."""
        if len(self.text) == 1:
            return text_of(row.get(self.text[0]))
        return join_texts([text_of(row.get(column)) for column in self.text])


def opened(path: Path, settings: DataSettings, learnt: Schema | None = None) -> Rows:
    """Return the rows of a file, with the column of the text as said, as learnt from, or guessed.

    Args:
        path: CSV, TSV, JSON, JSON Lines, Parquet, Excel, words with tags, or a text on each line.
        settings: what a person said of it.
        learnt: how the release's own file was read.

    Raises:
        UserError: if there is no such file, it is empty or of no known format, or it has no such column.
    """
    if not path.is_file():
        raise UserError(say("file.none", path=str(path)), say("file.none.hint"))
    kind = path.suffix.lower()
    if kind in (".parquet", ".pq"):
        return _parquet(path, settings, learnt)
    if kind in EXCEL:
        return _excel(path, settings, learnt)
    encoding = Recognised(settings.encoding) if settings.encoding else recognise_file(path)
    rows = _text_rows(path, encoding, settings, learnt)
    return replace(rows, warnings=(*rows.warnings, encoding.note)) if encoding.note else rows


def _text_rows(path: Path, encoding: Recognised, settings: DataSettings, learnt: Schema | None) -> Rows:
    """Return the rows of a text file by its ending, by what was said of it, or by what it looks like."""
    kind = path.suffix.lower()
    if kind in LINES:
        return _json_lines(path, encoding, settings, learnt)
    if kind == ".json":
        return _records(path, settings, learnt)
    if kind in ENDINGS or settings.delimiter or settings.text:
        return _table(path, encoding, settings, learnt)
    known = _format(path, settings)
    if known == "csv" and learnt is not None and _like_learnt(path, encoding, learnt):
        return _table(path, encoding, settings, learnt)
    if known in ("json", "columns"):
        return _records(path, settings, learnt)
    return Rows(["text"], ("text",), path.stat().st_size, lambda: _lines(path, encoding), (say("predict.lines"),))


def _format(path: Path, settings: DataSettings) -> str:
    """Return the format of a file as it is recognised for learning; "lines" where it is not."""
    from haoqi.data.reading.sources import source_for

    try:
        return source_for(str(path), settings)
    except UserError:
        return "lines"


def _like_learnt(path: Path, encoding: Recognised, learnt: Schema) -> bool:
    """Return whether a file whose name says nothing is a table cut as the one learnt from, not lines of text."""
    if learnt.format != "csv" or not learnt.delimiter:
        return False
    with _reading(path, encoding) as (file, _):
        lines = file.read(LOOK_BYTES).split("\n")[:LOOK_ROWS]
    if learnt.header == 0:
        return guess_delimiter("\n".join(lines), None, "")[0] == learnt.delimiter
    return learnt.columns["text"] in (cell.strip(' "\r\ufeff') for cell in lines[0].split(learnt.delimiter))


def _records(path: Path, settings: DataSettings, learnt: Schema | None) -> Rows:
    """Return the rows of a file that must be read whole: JSON records keep their fields, others give their texts."""
    from haoqi.data.reading.decoding.decode import read_text
    from haoqi.data.reading.read import read
    from haoqi.data.reading.records import parse

    if path.suffix.lower() == ".json":
        found, _ = parse(read_text(path, settings.encoding)[0], path.name)
        if found and all(isinstance(row, dict) for row in found) and not _nested(found):
            columns = list(dict.fromkeys(key for row in found for key in row))
            return _with_text(
                path, columns, lambda: zip(found, range(1, len(found) + 1), strict=True), settings, learnt=learnt
            )
    raw = read(replace(settings, source=str(path)), labelled=False, learnt=learnt)
    texts, told = raw.examples.texts, tuple(raw.schema.lines())
    rows: Read = lambda: (({"text": text}, number) for number, text in enumerate(texts, 1))  # noqa: E731
    return Rows(["text"], ("text",), len(texts), rows, told, tuple(raw.schema.warnings))


def _nested(records: Sequence[Row]) -> bool:
    """Return whether no field of records is a text: what is asked stands deeper."""
    return not any(isinstance(cell, str) for row in records[:LOOK_ROWS] for cell in row.values())


def _lines(path: Path, encoding: Recognised) -> Iterator[tuple[Row, int]]:
    with _reading(path, encoding) as (file, seen):
        for line in file:
            if line.strip():
                yield {"text": line.rstrip("\r\n")}, seen()


def _json_lines(path: Path, encoding: Recognised, settings: DataSettings, learnt: Schema | None) -> Rows:
    def read() -> Iterator[tuple[Row, int]]:
        with _reading(path, encoding) as (file, seen):
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _record(line, number, path), seen()

    # Records may differ in their fields, and a table's first line must name them all.
    columns = list(dict.fromkeys(key for row, _ in read() for key in row))
    rows = _with_text(path, columns, read, settings, learnt=learnt)
    return replace(rows, total=path.stat().st_size)


def _record(line: str, number: int, path: Path) -> Row:
    try:
        found = record_of(line)
    except ValueError:
        found = None
    if isinstance(found, str):
        return {"text": found}
    if not isinstance(found, dict):
        raise UserError(say("rows.record", number=number, name=path.name), say("rows.record.hint"))
    return found


def _table(path: Path, encoding: Recognised, settings: DataSettings, learnt: Schema | None) -> Rows:
    with _reading(path, encoding) as (file, _):
        start = file.read(JUDGED)
    usual = ENDINGS.get(path.suffix.lower(), "")
    said = {"delimiter": settings.delimiter, "quote": settings.quote, "escape": settings.escape}
    dialect = find_dialect(start, usual=usual, **said)
    first = [row for _, row in islice(read_rows(lines_of(start[:LOOK_BYTES]), dialect), LOOK_ROWS) if row]
    header = find_header(first, said=settings.header)
    if settings.header is None and header.row < 0 and learnt is not None and _names_learnt(first, learnt):
        header = find_header(first, said=1)
    columns = header.names
    if len(set(columns)) < len(columns):
        raise UserError(
            say("rows.columns_twice", name=path.name, names=", ".join(columns)), say("rows.columns_twice.hint")
        )

    def read() -> Iterator[tuple[Row, int]]:
        with _reading(path, encoding) as (file, seen):
            found = ((line, row) for line, row in read_rows(file, dialect) if row)
            for line, row in islice(found, header.row + 1, None):
                yield _cells(columns, row, line, path), seen()

    rows = _with_text(path, columns, read, settings, learnt=learnt, header=header.row + 1)
    return replace(rows, total=path.stat().st_size)


def _names_learnt(rows: Sequence[Sequence[str]], learnt: Schema) -> bool:
    """Return whether the first row holds the name of a column that was learnt from, though it looks like others."""
    names = {name for role in ("text", "pair") for name in cut_names(learnt.columns.get(role, ""))}
    return bool(rows and learnt.header) and not names.isdisjoint(cell.strip() for cell in rows[0])


def _cells(columns: list[str], row: list[str], line: int, path: Path) -> Row:
    if len(row) > len(columns) and any(row[len(columns) :]):
        raise UserError(
            say("rows.cells", line=line, name=path.name, count=len(row), columns=len(columns)),
            say("rows.cells.hint"),
        )
    return dict(zip(columns, [*row, *[""] * (len(columns) - len(row))], strict=False))


def _parquet(path: Path, settings: DataSettings, learnt: Schema | None) -> Rows:
    parquet = require("pyarrow.parquet", "parquet")
    try:
        with parquet.ParquetFile(path) as file:
            columns, total = list(file.schema_arrow.names), file.metadata.num_rows
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None

    def read() -> Iterator[tuple[Row, int]]:
        number = 0
        try:
            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=BATCH):
                    for row in batch.to_pylist():
                        number += 1
                        yield row, number
        except (OSError, ValueError) as error:  # a part beyond the first may be damaged
            raise _damaged(path, error) from None

    return replace(_with_text(path, columns, read, settings, learnt=learnt), total=total)


def _damaged(path: Path, error: Exception) -> UserError:
    told = " ".join(str(error).split())
    return UserError(say("rows.parquet", path=str(path), error=told), say("rows.parquet.hint"))


def _excel(path: Path, settings: DataSettings, learnt: Schema | None) -> Rows:
    from haoqi.data.reading.decoding.decode import read_bytes
    from haoqi.data.reading.sources.excel import read_sheet

    sheet, found, notes = read_sheet(read_bytes(path), path, settings)
    header = find_header(found[:LOOK_ROWS], said=settings.header)
    body = found[header.row + 1 :]

    def read() -> Iterator[tuple[Row, int]]:
        for number, row in enumerate(body, 1):
            yield dict(zip(header.names, row, strict=True)), number

    rows = _with_text(path, header.names, read, settings, learnt=learnt, header=header.row + 1)
    named = () if notes else (say("predict.sheet", sheet=sheet),)  # a note says which of several was chosen
    return replace(rows, total=len(body) or 1, told=(*named, *notes, *rows.told))


def _with_text(
    path: Path,
    columns: list[str],
    read: Read,
    settings: DataSettings,
    *,
    learnt: Schema | None,
    header: int | None = None,
) -> Rows:
    """Return rows with the columns that are answered: as said, as learnt, the only one, or chosen as for learning."""
    sample = [row for row, _ in islice(read(), LOOK_ROWS)]
    if not sample:
        raise UserError(say("fault.no_rows", name=path.name), say("rows.no_rows.hint"))
    cells = {column: [row.get(column) for row in sample] for column in columns}
    if len(columns) == 1 and settings.text is None:
        roles, warnings = Roles({"text": (columns[0],)}, {"text": say("rows.only_column")}), list[str]()
    else:
        roles, warnings = roles_like(path.name, cells, settings, learnt, header=header)
    chosen = roles.columns["text"]
    others = [*roles.notes, *(say("rows.too", column=one) for one in roles.runners_up.get("text", ())[:2])]
    if learnt is None and settings.text is None and "text" in roles.unsure:
        warnings += [say("rows.other", others=joined(others, by="list.semicolon"))]
    as_learnt = learnt is not None and settings.text is None and roles.named()["text"] == learnt.columns.get("text")
    told = [say("predict.column_learnt" if as_learnt else "predict.column", column=", ".join(chosen))]
    pair = roles.one("pair")
    if pair is not None and learnt is not None and "pair" in learnt.columns:
        as_learnt = settings.pair is None and pair == learnt.columns["pair"]
        told.append(say("predict.pair_learnt" if as_learnt else "predict.pair", column=pair))
    return Rows(columns, chosen, len(sample), read, tuple(told), tuple(warnings), pair)


class _reading:  # noqa: N801 - used as `with _reading(...)`
    """Opens a text file, gives it with a function that says how many bytes were read, and explains what is wrong."""

    def __init__(self, path: Path, encoding: Recognised) -> None:
        self.path, self.encoding = path, encoding

    def __enter__(self) -> tuple[TextIO, Callable[[], int]]:
        try:
            self.file = self.path.open(encoding=self.encoding.encoding, errors=self.encoding.errors, newline="")
        except LookupError:
            raise UserError(
                say("encoding.unknown", encoding=self.encoding.encoding), say("encoding.unknown.hint")
            ) from None
        except OSError as error:
            raise UserError(
                say("file.unreadable", path=str(self.path), strerror=error.strerror), say("source.unreadable.hint")
            ) from None
        return self.file, lambda: os.lseek(self.file.fileno(), 0, os.SEEK_CUR)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.file.close()
        if isinstance(error, UnicodeError):
            raise UserError(
                say("encoding.other", path=self.path.name, encoding=self.encoding.encoding, error=str(error)),
                say("rows.encoding.hint"),
            ) from None
