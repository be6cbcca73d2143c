"""JSON: an array of records, JSON Lines, records one after another, splits by name, and exports of labelling tools."""

import json
from collections.abc import Iterator
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.documents import read_document
from haoqi.data.reading.records import document_of, record_of
from haoqi.data.reading.row_stream import Row, RowStream, StreamedFile
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import Table
from haoqi.data.settings import DataSettings

# The first value of a longer file may go on beyond what is looked at.
_WHOLE = 1 << 17


@sources.register
class Json:
    """Records with named fields, spans among them, or lists of cells."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file():
            return 0.0
        start = head(path, settings.encoding).lstrip()
        if start[:1] not in ("{", "["):
            return 0.0
        if path.suffix.lower() in (".json", ".jsonl", ".ndjson"):
            return 0.95
        return 0.85 if path.stat().st_size > _WHOLE or _begins(start) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        table = Table(path.name, {}, "json", digest([text]), None, encoding)
        return read_document(document_of(text, path.name), table, settings, labelled)

    def stream(self, file: StreamedFile) -> RowStream:
        """Return the records of JSON Lines; a line that is one text is a record with that text."""

        def read() -> Iterator[tuple[Row, int]]:
            with file.open_text() as (text, count_bytes):
                for number, line in enumerate(text, 1):
                    if line.strip():
                        yield _record(line, number, file.path), count_bytes()

        # Records may differ in their fields, and a table's first line must name them all.
        columns = list(dict.fromkeys(key for row, _ in read() for key in row))
        return RowStream(columns, read, file.path.stat().st_size)


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


def _begins(start: str) -> bool:
    """Return whether a text begins with a value of JSON, and not with a word in brackets."""
    try:
        _, at = json.JSONDecoder().raw_decode(start)
    except RecursionError:
        return True
    except ValueError as error:
        return isinstance(error, json.JSONDecodeError) and error.pos > 2 and start[1:].lstrip()[:1] in ('"', "{", "[")
    return start[at:].lstrip(" \t\r")[:1] in ("", "\n", ",", "{", "[")
