"""Parquet files, as data hubs and warehouses give them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError, require
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import read_bytes
from haoqi.data.reading.row_stream import Row, RowStream, StreamedFile
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import Table, check_names, to_raw
from haoqi.data.settings import DataSettings

_BATCH_ROWS = 1024


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

    def stream(self, file: StreamedFile) -> RowStream:
        """Return the rows, of which some are read at once."""
        parquet, path = require("pyarrow.parquet", "parquet"), file.path
        try:
            with parquet.ParquetFile(path) as content:
                columns, total = list(content.schema_arrow.names), content.metadata.num_rows
        except (OSError, ValueError) as error:
            raise _damaged(path, error) from None

        def read() -> Iterator[tuple[Row, int]]:
            number = 0
            try:
                with parquet.ParquetFile(path) as content:
                    for batch in content.iter_batches(batch_size=_BATCH_ROWS):
                        for row in batch.to_pylist():
                            number += 1
                            yield row, number
            except (OSError, ValueError) as error:  # a part beyond the first may be damaged
                raise _damaged(path, error) from None

        return RowStream(columns, read, total)


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(say("rows.parquet", path=str(path), error=" ".join(str(error).split())), say("rows.parquet.hint"))


def _cells(column: Any) -> list[Any]:
    """Return the cells of a column; texts that were written as bytes, as older programs do, become texts again."""
    cells = column.to_pylist()
    if not any(isinstance(cell, bytes) for cell in cells):
        return list(cells)
    try:
        return [cell.decode() if isinstance(cell, bytes) else cell for cell in cells]
    except UnicodeDecodeError:
        return [None if cell is None else f"{len(cell)} bytes" for cell in cells]
