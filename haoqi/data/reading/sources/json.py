"""JSON: an array of records, JSON Lines, records one after another, splits by name, and exports of labelling tools."""

import json
from pathlib import Path

from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.documents import read_document
from haoqi.data.reading.records import document_of
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


def _begins(start: str) -> bool:
    """Return whether a text begins with a value of JSON, and not with a word in brackets."""
    try:
        _, at = json.JSONDecoder().raw_decode(start)
    except RecursionError:
        return True
    except ValueError as error:
        return isinstance(error, json.JSONDecodeError) and error.pos > 2 and start[1:].lstrip()[:1] in ('"', "{", "[")
    return start[at:].lstrip(" \t\r")[:1] in ("", "\n", ",", "{", "[")
