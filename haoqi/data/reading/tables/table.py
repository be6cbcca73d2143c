"""Named columns of cells, and the way from them to rows of text with labels."""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.raw import Part, Raw
from haoqi.data.reading.context_answers import with_context
from haoqi.data.reading.records import part_of
from haoqi.data.reading.spans.span_tables import raw_of_spans, stretches_told, with_roles
from haoqi.data.reading.tables.column_kinds import is_empty
from haoqi.data.reading.tables.column_names import SPLIT_NAMES, label_name, text_name
from haoqi.data.reading.tables.dates import times_of
from haoqi.data.reading.tables.dialect import NAMED
from haoqi.data.reading.tables.header import further_names, repeats_names
from haoqi.data.reading.tables.label_cells import LabelCells, join_columns, read_label_cells
from haoqi.data.reading.tables.multiple_choice import check_multiple_choice
from haoqi.data.reading.tables.relation_columns import with_marks
from haoqi.data.reading.tables.roles import ROLES, Roles, choose_roles
from haoqi.data.reading.tokens.token_tables import sentences_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings


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
    quote: str | None = None
    escape: str | None = None
    header: int | None = None
    sheet: str | None = None

    @property
    def schema(self) -> Schema:
        """How the source was cut into cells; what the columns mean is not known yet."""
        return Schema(
            self.name,
            self.format,
            self.encoding,
            self.delimiter,
            rows=len(self),
            skipped=self.skipped,
            notes=self.notes,
            warnings=self.warnings,
            quote=self.quote,
            escape=self.escape,
            header=self.header,
            sheet=self.sheet,
        )

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))


def to_raw(table: Table, settings: DataSettings, labelled: bool = True) -> Raw:
    """Return the rows of a table, with its text, label and other columns chosen or as said.

    Args:
        table: the cells.
        settings: columns that a person named, and the longest text allowed.
        labelled: whether there must be a label column.

    Raises:
        UserError: if there are no rows, a column is missing or cannot be told, or a text is too long.
    """
    if not table.columns:
        raise UserError(say("fault.nested_records", name=table.name), say("fault.nested_records.hint"))
    if not len(table):
        raise UserError(say("fault.no_rows", name=table.name), say("fault.no_rows.hint"))
    table = with_splits(_without_names(table) if labelled else table, settings)
    table = with_marks(table, settings, labelled)
    table = with_context(table, settings, labelled)
    if (sentences := sentences_of(table, settings, labelled)) is not None:
        return sentences
    if labelled and not settings.label and "label" not in table.roles:
        check_multiple_choice(table.name, table.columns)
    table = with_roles(table, settings, labelled)
    roles = _roles(table, settings, labelled)
    texts = texts_of(table.columns, roles.columns["text"])
    check_lengths(texts, table.name, settings)
    time = roles.one("time")
    times = times_of(table.columns[time], time, table.name, settings) if time else None
    pair, group, context = roles.one("pair"), roles.one("group"), roles.one("context")
    examples = Examples(
        texts,
        [None] * len(texts),
        list(range(len(texts))),
        pairs=[text_of(cell) for cell in table.columns[pair]] if pair else None,
        contexts=[text_of(cell) for cell in table.columns[context]] if context else None,
        groups=[text_of(cell) for cell in table.columns[group]] if group else None,
        times=times.seconds if times else None,
    )
    schema = _schema(table, roles)
    schema = replace(schema, notes=(*schema.notes, *(times.notes if times else ())))
    if context:
        check_lengths(examples.contexts or [], table.name, settings)
        answers = table.columns[label] if (label := roles.one("label")) else examples.labels
        return Raw(replace(examples, labels=list(answers)), table.parts, schema, "answers", table.fingerprint)
    if (spans := raw_of_spans(table, examples, schema, settings)) is not None:
        return spans
    schema = replace(schema, warnings=(*schema.warnings, *stretches_told(table.columns, texts, roles.columns)))
    read = _labels(table, roles, settings)
    schema = replace(
        schema,
        label_separator=read.separator,
        notes=(*schema.notes, *read.notes),
        warnings=(*schema.warnings, *read.warnings),
    )
    labelled_rows = replace(examples, labels=read.labels or examples.labels)
    return Raw(labelled_rows, table.parts, schema, "labels", table.fingerprint)


def _without_names(table: Table) -> Table:
    """Return a table without the rows that say the names of its columns again, as joined files have them."""
    names = list(table.columns)
    if names[0].isdecimal() or len(names) < 2:
        return table
    if further := further_names(table.columns):
        table = replace(
            table,
            columns={name: cells[further:] for name, cells in table.columns.items()},
            parts=table.parts and table.parts[further:],
            skipped={**table.skipped, say("left.further_names"): further},
        )
    first = table.columns[names[0]]
    again = {
        row
        for row, cell in enumerate(first)
        if cell == names[0] and repeats_names([cells[row] for cells in table.columns.values()], names)
    }
    if not again:
        return table
    kept = [row for row in range(len(first)) if row not in again]
    return replace(
        table,
        columns={name: [cells[row] for row in kept] for name, cells in table.columns.items()},
        parts=table.parts and [table.parts[row] for row in kept],
        skipped={**table.skipped, say("left.names_again"): len(again)},
    )


def _roles(table: Table, settings: DataSettings, labelled: bool) -> Roles:
    """Return the columns as a person said, else as the layout of the source says, else as they look."""
    given: dict[str, Any] = {role: column for role, column in table.roles.items() if not getattr(settings, role)}
    roles = choose_roles(table.name, table.columns, replace(settings, **given), labelled)
    return replace(roles, why={**roles.why, **{role: table.why.get(role, "") for role in given if role in roles.why}})


def _labels(table: Table, roles: Roles, settings: DataSettings) -> LabelCells:
    """Return the labels of the rows, none where there is no such column, with what was found out on the way."""
    chosen = roles.columns.get("label", ())
    if not chosen:
        return LabelCells([])
    if len(chosen) > 1:
        return join_columns({column: table.columns[column] for column in chosen})
    cells = table.columns[chosen[0]]
    return read_label_cells(cells, separator=_separator(settings), missing=settings.missing_labels)


def _separator(settings: DataSettings) -> str | None:
    said = settings.label_separator
    return NAMED.get(said, said) if said else None


def with_splits(table: Table, settings: DataSettings) -> Table:
    """Return a table whose column called split, set or alike tells the splits, where its cells are names of splits."""
    if table.parts is not None:
        return table
    named = {getattr(settings, role) for role in ROLES}
    for column, cells in table.columns.items():
        if column in named or column.strip().lower() not in SPLIT_NAMES:
            continue
        parts = {cell: part_of(str(cell)) for cell in set(map(str, cells))}
        if "train" in parts.values() and len(set(parts.values())) > 1 and all(parts.values()):
            known = [parts[str(cell)] or "train" for cell in cells]
            rest = {name: kept for name, kept in table.columns.items() if name != column}
            return replace(table, columns=rest, parts=known, notes=(*table.notes, say("splits.column", column=column)))
    return table


def texts_of(columns: Mapping[str, Sequence[Any]], chosen: Sequence[str]) -> list[str]:
    """Return the texts of the rows: the cells of one column, or of several as `join_texts` joins them."""
    if len(chosen) == 1:
        return [text_of(cell) for cell in columns[chosen[0]]]
    rows = zip(*(columns[column] for column in chosen), strict=True)
    return [join_texts([text_of(cell) for cell in row]) for row in rows]


def join_texts(parts: Sequence[str]) -> str:
    """Return the texts of several columns as one, a line break between them; blank ones are left out."""
    return "\n".join(part for part in parts if part and not part.isspace())


def text_of(cell: Any) -> str:
    """Return a cell as text; nothing for an empty or missing one."""
    if isinstance(cell, str):
        return cell
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return " ".join(text_of(part) for part in cell) if isinstance(cell, list | tuple) else str(cell)


def tell_apart(names: Sequence[str], cells: Sequence[Sequence[Any]], name: str) -> tuple[list[str], list[str]]:
    """Return names of columns of which no two are alike, and what to tell of it; trackers export doubled columns.

    Raises:
        UserError: if two columns are called like the text or the label and both are filled: which is meant is open.
    """
    found: list[str] = []
    filled: dict[str, int] = {}
    for column, below in zip(names, cells, strict=True):
        count = sum(not is_empty(cell) for cell in below)
        usual = text_name(column) >= 0.8 or label_name(column) >= 0.8
        if column in filled and usual and count >= 0.9 * filled[column]:
            check_names(names, name)
        filled.setdefault(column, count)
        further = (f"{column} {number}" for number in itertools.count(2))
        found.append(column if column not in found else next(one for one in further if one not in {*found, *names}))
    twice = [new for new, old in zip(found, names, strict=True) if new != old]
    return found, [say("columns.renamed", names=", ".join(twice))] if twice else []


def check_names(names: Sequence[str], name: str) -> None:
    """Raise UserError if two columns have one name."""
    twice = [column for column, count in Counter(names).items() if count > 1]
    if twice:
        listed = ", ".join(names)
        raise UserError(
            say("fault.columns_twice", name=name, names=", ".join(twice), listed=listed),
            say("fault.columns_twice.hint"),
        )


def check_lengths(texts: Sequence[str], name: str, settings: DataSettings) -> None:
    """Raise UserError that names the first row whose text is too long."""
    for row, text in enumerate(texts, 1):
        if len(text) > settings.max_characters:
            raise UserError(
                say("fault.long_text", row=row, name=name, count=len(text), max_characters=settings.max_characters),
                say("fault.long_text.hint"),
            )


def _schema(table: Table, roles: Roles) -> Schema:
    return replace(
        table.schema,
        columns=roles.named(),
        why=roles.why,
        notes=(*table.notes, *roles.notes),
        warnings=(*table.warnings, *roles.warnings),
        runners_up=roles.runners_up,
        unsure=roles.unsure,
        left_out=roles.left_out,
        kinds=roles.kinds,
    )
