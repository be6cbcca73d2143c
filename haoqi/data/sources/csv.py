"""Tables in text: comma, tab, semicolon or any other delimiter, with or without a line of names."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from haoqi.core.errors import UserError
from haoqi.data.choose import LABELS, TEXTS
from haoqi.data.decode import head, read_text
from haoqi.data.raw import Raw, digest
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources
from haoqi.data.table import Table, check_names, to_raw

DELIMITERS = (",", "\t", ";", "|")
_ENDINGS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)*")
_NAME = re.compile(r"[\w\s\-/()#:.]{0,63}[\w)\s]|")
_LOOK_AT = 300


@sources.register
class Csv:
    """Rows of cells, a line each unless a quoted cell runs over several."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file() or not (start := head(path, settings.encoding)):
            return 0.0
        if path.suffix.lower() in _ENDINGS:
            return 0.9
        delimiter, _ = guess(start, settings.delimiter, "")
        return 0.4 if delimiter else 0.1

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        if "\n" not in text:
            text = text.replace("\r", "\n")
        usual = _ENDINGS.get(path.suffix.lower(), "")
        delimiter, quoted = guess(text[: 1 << 18], settings.delimiter, usual)
        rows, ragged, total = _rows(text, delimiter or ",", quoted)
        _check_delimiter(path, text, rows, settings, labelled=labelled)
        names, rows, notes = _names(path, rows, settings)
        _check_ragged(path, ragged, total, settings)
        cells = zip(*rows, strict=True) if rows else [()] * len(names)
        columns = {name: list(column) for name, column in zip(names, cells, strict=True)}
        skipped = {"a different number of columns": len(ragged)} if ragged else {}
        print_as = delimiter if len(names) > 1 else None
        mark = digest([text])
        table = Table(path.name, columns, "csv", mark, None, encoding, print_as, skipped, tuple(notes))
        return to_raw(table, settings, labelled)


def guess(start: str, said: str | None, usual: str) -> tuple[str, bool]:
    """Return the delimiter of a table's first lines, or nothing, and whether quotes mean anything in it."""
    lines = start.split("\n")[:_LOOK_AT]
    if len(lines) > 2 and len(lines) < _LOOK_AT:
        lines = lines[:-1]  # the last one may be cut
    said = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";"}.get(said or "", said)
    best, score = ("", True), 0.0
    for delimiter in [said] if said else DELIMITERS:
        for quoted in (True, False):
            if len(delimiter) > 1:
                return delimiter, False
            share = _consistency(lines, delimiter, quoted) * (1.3 if delimiter == usual else 1.0)
            if share > score * 1.001:
                best, score = (delimiter, quoted), share
    return best if score > 0.5 else (said or "", True)


def _consistency(lines: list[str], delimiter: str, quoted: bool) -> float:
    """Return the share of rows that have the most common number of cells, if that is more than one."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        rows = [row for row in csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, quoting=quoting) if row]
    except csv.Error:
        return 0.0
    if not rows:
        return 0.0
    # A stray quote swallows lines up to the next one: whole rows in one cell speak against quoting.
    swallowed = sum(
        1
        for row in rows
        for cell in row
        if cell.count("\n") and delimiter in cell.split("\n", 1)[1][:200] and delimiter == "\t"
    )
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return 0.0 if width < 2 else (count - swallowed) / len(rows)


def _rows(text: str, delimiter: str, quoted: bool) -> tuple[list[list[str]], list[int], int]:
    """Return the rows of the usual width, the line numbers of the others, and the number of all."""
    found = [(line, row) for line, row in _parse(text, delimiter, quoted) if row]
    widths = Counter(len(row) for _, row in found[:10_000])
    width = widths.most_common(1)[0][0] if widths else 0
    if found and widths[len(found[0][1])] > 0.5 * sum(widths.values()):
        width = len(found[0][1])
    rows, wrong = [], []
    for line, row in found:
        if len(row) == width:
            rows.append(row)
        elif len(row) > width and not any(row[width:]):  # blank cells at the end are a habit of spreadsheets
            rows.append(row[:width])
        else:
            wrong.append(line)
    return rows, wrong, len(found)


def _parse(text: str, delimiter: str, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    if len(delimiter) > 1:
        for number, line in enumerate(text.split("\n"), 1):
            yield number, line.rstrip("\r").split(delimiter) if line.strip() else []
        return
    csv.field_size_limit(1 << 30)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader((f"{line}\n" for line in text.split("\n")), delimiter=delimiter, quoting=quoting)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"line {reader.line_num} cannot be read as CSV: {error}", "check the quotes near it"
            ) from None
        yield reader.line_num, row if any(row) else []


def _names(path: Path, rows: list[list[str]], settings: DataSettings) -> tuple[list[str], list[list[str]], list[str]]:
    """Return the columns' names, the rows below them, and what to tell; columns without names are numbered."""
    first = [cell.strip() for cell in rows[0]]
    said = {settings.text, settings.label, settings.pair, settings.group, settings.time} - {None}
    numbers = [str(number) for number in range(1, len(first) + 1)]
    if not said & set(first) and (said & set(numbers) or not _is_header(first, rows[1:])):
        return numbers, rows, ["the first line holds no names of columns: they are called 1, 2, 3"]
    names = [name or f"column {number}" for number, name in enumerate(first, 1)]
    check_names(names, path.name)
    return names, rows[1:], []


def _is_header(first: list[str], rows: list[list[str]]) -> bool:
    """Return whether the first row names the columns rather than being data itself."""
    if any(_NUMBER.fullmatch(cell) for cell in first) or not all(_NAME.fullmatch(cell) for cell in first):
        return False
    if {cell.lower() for cell in first} & {*TEXTS, *LABELS}:
        return True
    if not rows:
        return False
    body = [[row[column].strip() for row in rows[:2_000]] for column in range(len(first))]
    if any(cell in column for cell, column in zip(first, body, strict=True) if cell):
        return False
    longer = any(sum(map(len, column)) / len(column) > 2 * len(cell) for cell, column in zip(first, body, strict=True))
    numeric = any(all(_NUMBER.fullmatch(cell) for cell in column if cell) for column in body)
    return longer or numeric


def _check_delimiter(path: Path, text: str, rows: list[list[str]], settings: DataSettings, *, labelled: bool) -> None:
    if not rows:
        raise UserError(f"{path.name} has no rows", "give a file with a text and a label in each row")
    if len(rows[0]) > 1 or not labelled:
        return
    other, _ = guess(text[: 1 << 18], None, "")
    if settings.delimiter and other:
        found = {"\t": "a tab"}.get(other, other)
        raise UserError(
            f"{path.name} has one column when cut at {settings.delimiter!r}",
            f"its delimiter looks like {found}; leave --delimiter out",
        )
    raise UserError(
        f"{path.name} has one column only, {rows[0][0][:40]!r}",
        "each row needs a text and a label; say what stands between them with --delimiter",
    )


def _check_ragged(path: Path, ragged: list[int], total: int, settings: DataSettings) -> None:
    if len(ragged) > settings.bad_rows * total:
        lines = ", ".join(map(str, ragged[:5])) + (", ..." if len(ragged) > 5 else "")
        raise UserError(
            f"{len(ragged):,} of {total:,} rows of {path.name} have a different number of columns (lines {lines})",
            "check the delimiter and the quotes, or leave such rows out with --bad-rows",
        )
