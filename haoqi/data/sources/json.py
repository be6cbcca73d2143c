"""JSON: an array of records, JSON Lines, records one after another, or lists under the names of splits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.decode import head, read_text
from haoqi.data.raw import Raw, digest
from haoqi.data.records import parse
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources
from haoqi.data.table import Table, to_raw


@sources.register
class Json:
    """Records with named fields, or lists of cells."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file():
            return 0.0
        looks = head(path, settings.encoding).lstrip()[:1] in ("{", "[")
        return 0.0 if not looks else 0.95 if path.suffix.lower() in (".json", ".jsonl", ".ndjson") else 0.85

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        rows, parts = parse(text, path.name)
        columns = columns_of(rows, path.name)
        return to_raw(Table(path.name, columns, "json", digest([text]), parts, encoding), settings, labelled)


def columns_of(rows: Sequence[Any], name: str) -> dict[str, list[Any]]:
    """Return records as columns; fields that hold records themselves are left out.

    Raises:
        UserError: if the rows are neither records nor lists of equal length.
    """
    if not rows:
        return {"text": [], "label": []}
    if all(isinstance(row, dict) for row in rows):
        names = dict.fromkeys(key for row in rows for key in row)
        columns = {key: [row.get(key) for row in rows] for key in names}
        return {key: cells for key, cells in columns.items() if not any(_nested(cell) for cell in cells[:100])}
    if all(isinstance(row, list | tuple) and len(row) == len(rows[0]) > 1 for row in rows):
        return {str(number): list(cells) for number, cells in enumerate(zip(*rows, strict=True), 1)}
    raise UserError(
        f"{name} is JSON, but not rows of text with labels", 'write records such as {"text": ..., "label": ...}'
    )


def _nested(cell: Any) -> bool:
    return isinstance(cell, dict) or (isinstance(cell, list) and any(isinstance(part, dict | list) for part in cell))
