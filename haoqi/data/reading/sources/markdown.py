"""Rasa's old Markdown: a heading `## intent:name`, and its examples in a list below."""

import re
from pathlib import Path

from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.documents import read_document
from haoqi.data.reading.layouts.rasa import of_markdown
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import Table
from haoqi.data.settings import DataSettings

_HEADING = re.compile(r"^## ?intent:\s?\S", re.MULTILINE)


@sources.register
class Markdown:
    """Intents are labels, what brackets mark in examples are entities; all else is left out."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        return 0.97 if path.is_file() and _HEADING.search(head(path, settings.encoding)) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        table = Table(path.name, {}, "markdown", digest([text]), None, encoding)
        return read_document({"nlu": of_markdown(text)}, table, settings, labelled)
