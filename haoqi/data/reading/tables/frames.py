"""Columns of cells from what a caller in Python holds: records, columns, data frames, Arrow tables, texts with labels.

Cells become plain values, and what is missing becomes None, however its library spells that. Nothing is imported for
it: an object of a library that was not imported cannot be here.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Part, digest
from haoqi.data.reading.decoding.characters import well_formed_values
from haoqi.data.reading.records import part_of
from haoqi.data.reading.tables.table import Table, check_names

Columns = dict[str, list[Any]]

_FIELDS = "__dataclass_fields__"


def table_of(source: Any, name: str) -> Table:
    """Return what a caller holds as a table; a dict of tables under the names of splits keeps these.

    Args:
        source: a list of dicts, a dict of lists, a data frame (pandas, polars, or of another library that speaks
            Arrow), an Arrow table, pairs of a text and its label, or a pair of all texts and all labels, where a
            text may be a pair of two; what can be read only once is read once.
        name: what errors call it.

    Raises:
        UserError: if it is none of these, it is empty, two columns have one name, or columns differ in length.
    """
    parts: list[Part] | None = None
    if _is_splits(source):
        columns, parts = _splits(source, name)
    else:
        columns = columns_of(source, name)
    columns = well_formed_values(columns)
    mark = digest([part for column, cells in columns.items() for part in (column, *map(repr, cells))])
    return Table(name, columns, "memory", mark, parts)


def columns_of(source: Any, name: str) -> Columns:
    """Return the columns of one table; see `table_of`.

    >>> columns_of([{"text": "It broke.", "label": "-"}, {"text": "Lovely."}], "rows")
    {'text': ['It broke.', 'Lovely.'], 'label': ['-', None]}
    """
    found = _named(source, name)
    found = _from_rows(source, name) if found is None else found
    names = [_name(column) for column, _ in found]
    check_names(names, name)
    cells = [values_of(values) for _, values in found]
    lengths = dict(zip(names, map(len, cells), strict=True))
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{column} {length:,}" for column, length in lengths.items())
        raise UserError(say("frame.uneven", name=name, told=told), say("frame.uneven.hint"))
    if not cells or not cells[0]:
        raise UserError(say("fault.no_rows", name=name), say("frame.no_rows.hint"))
    return dict(zip(names, cells, strict=True))


def has_names(source: Any) -> bool:
    """Return whether something is a table or a row whose cells have names."""
    if _is_series(source):
        return False
    row = isinstance(source, Mapping) or any(hasattr(source, name) for name in ("_asdict", "keys", _FIELDS))
    return row or _is_frame(source) or (hasattr(source, "__arrow_c_stream__") and not is_column(source))


def values_of(cells: Any) -> list[Any]:
    """Return the cells of a column, of whatever library, as plain values."""
    for method in ("to_pylist", "to_list"):  # Arrow; pandas and polars, whose numbers and categories become plain by it
        if callable(getattr(cells, method, None)):
            cells = getattr(cells, method)()
            break
    return [value_of(cell) for cell in cells]


def value_of(cell: Any) -> Any:
    """Return a cell as a plain value: None where it is missing, arrays and tuples as lists, sets as sorted lists."""
    if isinstance(cell, Enum):
        return value_of(cell.value) if isinstance(cell.value, str | int) else cell.name
    if isinstance(cell, str):
        return cell if type(cell) is str else str(cell)
    if isinstance(cell, bool | int):
        return cell
    if is_missing(cell):
        return None
    if isinstance(cell, bytes):
        return _decoded(cell)
    if isinstance(cell, Mapping):
        return {str(key): value_of(part) for key, part in cell.items()}
    if isinstance(cell, set | frozenset):
        return sorted((value_of(part) for part in cell), key=str)
    return values_of(cell) if is_column(cell) else _plain_scalar(cell)


def is_missing(cell: Any) -> bool:
    """Return whether a cell is one of the many spellings of nothing: None, NaN, NaT, pandas.NA.

    >>> is_missing(None), is_missing(float("nan")), is_missing(""), is_missing(0)
    (True, True, False, False)
    """
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(cell, float | Decimal):
        return math.isnan(cell)
    # Numbers and times of numpy that are not equal to themselves; an array is no cell that is missing.
    return _kind(cell) in tuple("fcmM") and getattr(cell, "shape", None) == () and bool(cell != cell)


def is_column(cells: Any) -> bool:
    """Return whether something is a list of cells in their order: a list, an array, a series."""
    if isinstance(cells, str | bytes | Mapping | set | frozenset):
        return False
    return isinstance(cells, Sequence) or _is_series(cells) or bool(getattr(cells, "shape", ()))


def _plain_scalar(cell: Any) -> Any:
    """Return a number or a time of numpy or Arrow as Python's own; what is neither stays as it is."""
    if _kind(cell) == "M":
        return cell.astype("datetime64[us]").item()  # nanoseconds would become a number
    for method in ("item", "as_py"):
        if callable(getattr(cell, method, None)):
            return getattr(cell, method)()
    return cell


def _decoded(cell: bytes) -> str:
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(say("frame.bytes", cell=cell[:20]), say("frame.bytes.hint")) from None


def _named(source: Any, name: str) -> list[tuple[Any, Any]] | None:
    """Return the columns of what has some, under their names, which may be doubled; None where there are only rows."""
    if isinstance(source, Mapping):
        return _from_mapping(source, name)
    if callable(getattr(source, "collect_schema", None)) and not hasattr(source, "iter_columns"):  # lazy polars
        source = source.collect()
    if callable(getattr(source, "read_all", None)):  # a stream of Arrow batches
        source = source.read_all()
    if hasattr(source, "iloc") and _is_frame(source):  # by place, since pandas lets names be doubled
        return [(column, source.iloc[:, place]) for place, column in enumerate(source.columns)]
    if hasattr(source, "iter_columns"):
        return list(zip(source.columns, source.iter_columns(), strict=True))
    if hasattr(source, "column_names") and callable(getattr(source, "column", None)):
        return [(column, source.column(place)) for place, column in enumerate(source.column_names)]
    if hasattr(source, "__arrow_c_stream__") and not is_column(source):
        import pyarrow

        return _named(pyarrow.table(source), name)
    fields = getattr(getattr(source, "dtype", None), "names", None)  # a structured array of numpy
    return [(column, source[column]) for column in fields] if fields else None


def _from_mapping(source: Mapping[Any, Any], name: str) -> list[tuple[Any, Any]]:
    for column, cells in source.items():
        if isinstance(cells, str | bytes | Mapping | set | frozenset) or not isinstance(cells, Iterable):
            raise UserError(say("frame.no_cells", column=column, name=name, cells=_shown(cells)), say("frame.hint"))
    return list(source.items())


def _from_rows(source: Any, name: str) -> list[tuple[Any, Any]]:
    if isinstance(source, str | bytes) or not isinstance(source, Iterable):
        raise UserError(say("frame.no_rows_of_text", name=name, source=_shown(source)), say("frame.hint"))
    rows = list(source)
    if _is_texts_with_labels(source, rows):
        return _with_labels(*rows)
    records = [record for record in map(_record, rows) if record is not None]
    if records and len(records) == len(rows):
        # In the order in which names come up first; a record that lacks one has nothing there.
        order = dict.fromkeys(key for record in records for key in record)
        return [(key, [record.get(key) for record in records]) for key in order]
    pairs = [_pair(row, place) for place, row in enumerate(rows, 1)]
    return _with_labels([text for text, _ in pairs], [label for _, label in pairs])


def _pair(row: Any, place: int) -> tuple[Any, Any]:
    unordered = isinstance(row, str | bytes | Mapping | set | frozenset)
    found = () if unordered or not isinstance(row, Iterable) else tuple(row)
    if len(found) != 2:
        raise UserError(say("frame.no_pair", place=place, row=_shown(row)), say("frame.hint"))
    return found


def _with_labels(texts: Any, labels: Any) -> list[tuple[Any, Any]]:
    """Return all texts and all labels as columns; a data frame of texts keeps the names of its own."""
    columns = _named(texts, say("frame.texts")) if _is_frame(texts) else None
    if columns is None or len(columns) == 1:
        columns = [("text", columns[0][1] if columns else texts)]
    given = [(column, values_of(cells)) for column, cells in columns]
    named = _labels(labels)
    if len(given) == 1 and _are_pairs(given[0][1]) and not any(isinstance(label, list) for label in named):
        given = [(f"text{side + 1}", [both[side] for both in given[0][1]]) for side in range(2)]
    if len(given[0][1]) != len(named):
        raise UserError(say("frame.counts", count=len(given[0][1]), count2=len(named)), say("frame.counts.hint"))
    return [*given, ("label", named)]


def _are_pairs(cells: Sequence[Any]) -> bool:
    """Return whether each cell is two texts."""
    two = (isinstance(cell, list) and len(cell) == 2 and all(isinstance(text, str) for text in cell) for cell in cells)
    return bool(cells) and all(two)


def _labels(labels: Any) -> list[Any]:
    """Return the labels of all texts; those of a frame or an array with one column are in a row.

    Raises:
        UserError: for a matrix of 0 and 1, which names no label.
    """
    labels = labels.toarray() if callable(getattr(labels, "toarray", None)) else labels
    if _is_frame(labels):
        columns = _named(labels, say("frame.labels")) or []
        if len(columns) != 1:
            raise UserError(say("frame.label_columns", count=len(columns)), say("frame.matrix.hint"))
        labels = columns[0][1]
    found = values_of(labels)
    if found and all(isinstance(cell, list) and len(cell) == 1 for cell in found) and hasattr(labels, "ravel"):
        return [cell[0] for cell in found]
    if found and all(isinstance(cell, list) for cell in found) and _are_flags(found):
        raise UserError(say("frame.matrix"), say("frame.matrix.hint"))
    return found


def _are_flags(rows: Sequence[Sequence[Any]]) -> bool:
    """Return whether rows are those of a matrix of 0 and 1."""
    return len({len(row) for row in rows}) == 1 and len(rows[0]) > 1 and all(c in (0, 1) for row in rows for c in row)


def _record(row: Any) -> Mapping[Any, Any] | None:
    """Return a row whose cells have names, by these; None for another."""
    if isinstance(row, Mapping):
        return row
    if hasattr(row, "_asdict"):
        return dict(row._asdict())
    if is_dataclass(row) and not isinstance(row, type):
        return {field.name: getattr(row, field.name) for field in fields(row)}
    named = hasattr(row, "keys") and not _is_series(row)
    return {key: row[key] for key in row.keys()} if named else None  # noqa: SIM118 - sqlite3.Row


def _is_texts_with_labels(source: Any, rows: list[Any]) -> bool:
    """Return whether two members are all texts and all labels, and not two rows of a text and its label."""
    if not isinstance(source, list | tuple) or len(rows) != 2:
        return False
    if not all(_is_frame(member) or (is_column(member) and _record(member) is None) for member in rows):
        return False
    as_rows = tuple if isinstance(source, list) else list | tuple
    return not all(isinstance(member, as_rows) and (as_rows is tuple or len(member) == 2) for member in rows)


def _is_splits(source: Any) -> bool:
    """Return whether names of splits stand before whole tables."""
    if not isinstance(source, Mapping) or not source or not all(part_of(str(key)) for key in source):
        return False
    return all(_is_table(table) for table in source.values())


def _is_table(source: Any) -> bool:
    if isinstance(source, list | tuple):
        first = source[0] if source else None
        return first is not None and (_record(first) is not None or is_column(first))
    return isinstance(source, Mapping) or _is_frame(source)


def _splits(source: Mapping[Any, Any], name: str) -> tuple[Columns, list[Part]]:
    """Return the columns of several splits one after another, and the split of each row."""
    tables = {key: columns_of(table, f"{name} {key}") for key, table in source.items()}
    found: Columns = {column: [] for columns in tables.values() for column in columns}
    parts: list[Part] = []
    for key, columns in tables.items():
        rows = len(next(iter(columns.values())))
        for column in found:
            found[column] += columns.get(column) or [None] * rows
        parts += [part_of(str(key)) or "train"] * rows
    return found, parts


def _is_series(cells: Any) -> bool:
    """Return whether something is one column of pandas, polars, numpy or Arrow."""
    if _is_frame(cells):
        return False
    array = len(getattr(cells, "shape", ())) == 1 and not getattr(getattr(cells, "dtype", None), "names", None)
    return array or callable(getattr(cells, "to_pylist", None))


def _is_frame(source: Any) -> bool:
    """Return whether something has columns; asked of its class, since a lazy frame would look for them."""
    return any(hasattr(type(source), name) for name in ("columns", "column_names"))


def _kind(cell: Any) -> str:
    return str(getattr(getattr(cell, "dtype", None), "kind", ""))


def _name(column: Any) -> str:
    """Return a column's name as text; the parts of a name on several levels stand side by side."""
    return " ".join(str(part) for part in column if str(part)) if isinstance(column, tuple) else str(column)


def _shown(value: Any) -> str:
    return repr(value)[:60]
