"""Named columns of cells, and the way from them to rows of text with labels."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.choose import Roles, choose
from haoqi.data.examples import Examples
from haoqi.data.raw import Part, Raw
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings
from haoqi.data.span_tables import plain_columns, raw_of_spans, texts_of, with_roles
from haoqi.data.token_tables import sentences_of

# What programs write where a label is missing; "none" and "na" are left alone, for they are classes of real data.
MISSING = frozenset({"", "nan", "null", "<na>", "#n/a", "#na", "n/a"})
_DATES = ("%a %b %d %H:%M:%S %z %Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%Y年%m月%d日")
_DIGITS = re.compile(r"-?\d+(\.\d*)?")


@dataclass(frozen=True)
class Table:
    """The cells of a source, column by column, before anything is known of their meaning."""

    name: str
    """What a person calls the source."""
    columns: dict[str, list[Any]]
    format: str
    fingerprint: str
    parts: list[Part] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    """Role to column where the layout of the source itself says it; what a person says goes before it."""
    why: dict[str, str] = field(default_factory=dict)
    """Role to the reason for that column."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))


def to_raw(table: Table, settings: DataSettings, labelled: bool = True) -> Raw:
    """Return the rows of a table, with its text, label and other columns chosen or as said.

    Args:
        table: the cells.
        settings: columns that a person named, and the longest text allowed.
        labelled: whether there must be a label column.

    Raises:
        UserError: if there are no rows, a column is missing, or a text is too long.
    """
    if not table.columns:
        raise UserError(f"{table.name} holds records within records", "write one flat record for each text")
    if not len(table):
        raise UserError(f"{table.name} has no rows", "give a file with a text and a label in each row")
    if (sentences := sentences_of(table, settings, labelled)) is not None:
        return sentences
    table = with_roles(table, settings, labelled)
    known: dict[str, Any] = {role: column for role, column in table.roles.items() if not getattr(settings, role)}
    roles = choose(table.name, plain_columns(table, settings), replace(settings, **known), labelled)
    roles = replace(roles, why={**roles.why, **{role: table.why.get(role, "its layout says so") for role in known}})
    texts, _ = texts_of(table.columns[roles.text])
    check_lengths(texts, table.name, settings)
    given = roles.named()
    labels = labels_of(table.columns[roles.label]) if roles.label else [None] * len(texts)
    times = times_of(table.columns[roles.time], roles.time, table.name) if roles.time else None
    examples = Examples(
        texts,
        labels,
        list(range(len(texts))),
        pairs=[text_of(cell) for cell in table.columns[roles.pair]] if roles.pair else None,
        groups=[text_of(cell) for cell in table.columns[roles.group]] if roles.group else None,
        times=times,
    )
    schema = _schema(table, roles, given)
    if roles.label and (spans := raw_of_spans(table, examples, schema, settings)) is not None:
        return spans
    return Raw(examples, table.parts, schema, "labels", table.fingerprint)


def text_of(cell: Any) -> str:
    """Return a cell as text; nothing for an empty or missing one."""
    if isinstance(cell, str):
        return cell
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return " ".join(text_of(part) for part in cell) if isinstance(cell, list | tuple) else str(cell)


def labels_of(cells: Sequence[Any]) -> list[Any]:
    """Return cells as labels: str, list of str, float, or None where there is none.

    Whole numbers are names of classes and become text, also where a missing cell made them fractions.

    >>> labels_of([1.0, float("nan"), 0.0])
    ['1', None, '0']
    """
    whole = all(_whole(cell) for cell in cells)
    known: dict[str, str | None] = {}
    found: list[Any] = []
    for cell in cells:
        if isinstance(cell, str):
            if cell not in known:
                name = cell.strip()
                known[cell] = None if name.lower() in MISSING else name
            found.append(known[cell])
        else:
            found.append(_label(cell, whole))
    return found


def check_names(names: Sequence[str], name: str) -> None:
    """Raise UserError if two columns have one name."""
    twice = [column for column, count in Counter(names).items() if count > 1]
    if twice:
        listed = ", ".join(names)
        raise UserError(f"{name} has several columns called {', '.join(twice)}; it has {listed}", "rename them")


def check_lengths(texts: Sequence[str], name: str, settings: DataSettings) -> None:
    """Raise UserError that names the first row whose text is too long."""
    for row, text in enumerate(texts, 1):
        if len(text) > settings.max_characters:
            raise UserError(
                f"row {row} of {name} has a text of {len(text):,} characters; "
                f"at most {settings.max_characters:,} are read",
                "cut it, check the quotes and the delimiter, or allow it with --max-characters",
            )


def times_of(cells: Sequence[Any], column: str, name: str) -> list[float]:
    """Return dates as seconds since 1970; those without a zone are taken as UTC.

    Raises:
        UserError: that names the first row without a date.
    """
    found = []
    for row, cell in enumerate(cells, 1):
        seconds = _seconds(cell)
        if seconds is None:
            raise UserError(
                f"row {row} of {name} has no date in column {column}, but {str(cell)[:40]!r}",
                "write dates as 2024-05-31 or 2024-05-31T12:00:00, or as seconds since 1970",
            )
        found.append(seconds)
    return found


def _schema(table: Table, roles: Roles, given: dict[str, str]) -> Schema:
    return Schema(
        table.name,
        table.format,
        table.encoding,
        table.delimiter,
        columns=given,
        why=roles.why,
        rows=len(table),
        skipped=table.skipped,
        notes=(*table.notes, *roles.notes),
        warnings=table.warnings,
        left_out=tuple(column for column in table.columns if column not in given.values()),
    )


def _label(cell: Any, whole: bool) -> Any:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int) or (whole and isinstance(cell, float)):
        return str(int(cell))
    if isinstance(cell, list | tuple):
        return [text_of(part) for part in cell]
    return cell if isinstance(cell, float) else str(cell)


def _whole(cell: Any) -> bool:
    return not isinstance(cell, float) or math.isnan(cell) or cell.is_integer()


def _seconds(cell: Any) -> float | None:
    if isinstance(cell, datetime):
        return (cell if cell.tzinfo else cell.replace(tzinfo=UTC)).timestamp()
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, tzinfo=UTC).timestamp()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return None if math.isnan(cell) else float(cell)
    said = text_of(cell).strip()
    if _DIGITS.fullmatch(said) and len(said) != 8:
        return float(said) / (1000 if abs(float(said)) > 1e11 else 1)
    for read in (datetime.fromisoformat, parsedate_to_datetime, *(_reader(form) for form in _DATES)):
        try:
            when: datetime = read(said)
        except (ValueError, TypeError):
            continue
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return None


def _reader(form: str) -> Any:
    return lambda said: datetime.strptime(said, form)
