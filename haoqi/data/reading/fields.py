"""Records to columns: every field becomes one, fields of records within records by dotted names."""

from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.spans.mark_shapes import holds_marks, opened

# Deeper records, and records with more fields, are rather data of their own than fields of a text.
_DEEPEST, _MOST_FIELDS = 4, 60
# Under these names exports keep the labels of one text.
_NAMES = ("choices", "taxonomy", "labels", "rating")


def columns_of(rows: Sequence[Any], name: str) -> dict[str, list[Any]]:
    """Return records as columns, whatever their cells hold; nothing is left out.

    >>> columns_of([{"text": "a", "label": {"id": 1, "name": "x"}}], "a.json")
    {'text': ['a'], 'label.id': [1], 'label.name': ['x']}

    Raises:
        UserError: if the rows are neither records, nor lists of equal length, nor texts.
    """
    if not rows:
        return {"text": [], "label": []}
    if all(isinstance(row, dict) for row in rows):
        names = dict.fromkeys(key for row in rows for key in row)
        return flattened({str(key): [row.get(key) for row in rows] for key in names})
    if all(isinstance(row, list | tuple) and len(row) == len(rows[0]) > 1 for row in rows):
        return {str(number): list(cells) for number, cells in enumerate(zip(*rows, strict=True), 1)}
    if all(isinstance(row, str) for row in rows):
        return {"text": list(rows)}
    raise UserError(say("document.no_rows", name=name), say("document.no_rows.hint"))


def flattened(columns: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Return columns in which records within cells have become columns of their own, as those of typed tables may."""
    found: dict[str, list[Any]] = {}
    for name, cells in columns.items():
        for column, below in _flat(name, cells, 1).items():
            found[column if column not in found else f"{column} ({name})"] = below
    return found


def names_in(cell: Any) -> list[str] | None:
    """Return the names of labels that a cell lists in a shape of exports; None where it is no such cell.

    >>> names_in('{"choices": ["a", "b"]}'), names_in({"taxonomy": [["food", "soup"]]}), names_in("a")
    (['a', 'b'], ['food / soup'], None)
    """
    cell = opened(cell)
    if isinstance(cell, dict):
        filled = {key: value for key, value in cell.items() if value is not None}
        key = next(iter(filled), None)
        if len(filled) != 1 or key not in _NAMES:
            return None
        cell = filled[key]
        cell = cell if isinstance(cell, list | tuple) else [cell]
    if not isinstance(cell, list | tuple):
        return None
    found = [_name(one) for one in cell]
    return [name for name in found if name is not None] if None not in found else None


def _name(one: Any) -> str | None:
    if isinstance(one, list | tuple):  # a path down a taxonomy
        parts = [_name(part) for part in one]
        return " / ".join(part for part in parts if part) if parts and None not in parts else None
    if isinstance(one, dict) or one is None:
        return None
    return str(one).lower() if isinstance(one, bool) else str(one).strip()


def _flat(name: str, cells: list[Any], depth: int) -> dict[str, list[Any]]:
    """Return a field as one column, or as one for each field of the records that it holds."""
    records = [cell for cell in cells if isinstance(cell, dict)]
    if not records or depth >= _DEEPEST:
        return {name: cells}
    lists = [names_in(record) for record in records]
    if all(one is not None or not record for one, record in zip(lists, records, strict=True)) and any(lists):
        return {name: [names_in(cell) or [] if isinstance(cell, dict) else cell for cell in cells]}
    mixed = any(cell is not None and not isinstance(cell, dict) and cell == cell for cell in cells)
    keys = dict.fromkeys(key for record in records for key in record)
    if mixed or not keys or len(keys) > _MOST_FIELDS or any(map(holds_marks, _each_kind(records))):
        return {name: cells}
    found: dict[str, list[Any]] = {}
    for key in keys:
        below = [cell.get(key) if isinstance(cell, dict) else None for cell in cells]
        found |= _flat(f"{name}.{key}", below, depth + 1)
    return found


def _each_kind(records: Sequence[Any]) -> list[Any]:
    """Return the records that hold lists or records, and of the others one for each set of fields."""
    plain: dict[tuple[Any, ...], Any] = {}
    rich = []
    for record in records:
        if any(isinstance(value, list | tuple | dict) for value in record.values()):
            rich.append(record)
        else:
            plain.setdefault(tuple(record), record)
    return [*plain.values(), *rich]
