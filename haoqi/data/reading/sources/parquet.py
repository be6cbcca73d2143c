"""Parquet files, as data hubs and warehouses give them."""

from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import read_bytes
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import Table, check_names, to_raw
from haoqi.data.settings import DataSettings


@sources.register
class Parquet:
    """Columns with types; lists become several labels."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        try:
            with path.open("rb") as file:
                return 1.0 if file.read(4) == b"PAR1" else 0.0
        except (OSError, ValueError):
            return 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = Path(source)
        content = read_bytes(path)
        try:
            found = pq.read_table(pa.BufferReader(content))
            check_names(found.column_names, path.name)
            columns = {name: _cells(found.column(name)) for name in found.column_names}
        except (pa.ArrowException, OSError, ValueError) as error:  # what is damaged raises one or another of them
            told = " ".join(str(error).split())
            raise UserError(say("parquet.broken", name=path.name, error=told), say("parquet.broken.hint")) from None
        return to_raw(Table(path.name, columns, "parquet", digest([content])), settings, labelled)


def _cells(column: Any) -> list[Any]:
    """Return the cells of a column; texts that were written as bytes, as older programs do, become texts again."""
    cells = column.to_pylist()
    if not any(isinstance(cell, bytes) for cell in cells):
        return list(cells)
    try:
        return [cell.decode() if isinstance(cell, bytes) else cell for cell in cells]
    except UnicodeDecodeError:
        return [None if cell is None else f"{len(cell)} bytes" for cell in cells]
