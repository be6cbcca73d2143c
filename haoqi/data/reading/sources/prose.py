"""Running text without labels: each paragraph is a text, or each line where no line is blank.

It is read so where a person says so (format prose), and for `haoqi pretrain`, which learns from text alone.
"""

import re
from pathlib import Path

from haoqi.data.examples import Examples
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import read_text
from haoqi.data.reading.sources import sources
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

_BLANK = re.compile(r"\n[^\S\n]*\n\s*")


@sources.register
class Prose:
    """Text and nothing else: no columns, no labels."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        return 0.0  # any table looks like text, too

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        found = _BLANK.split(text) if _BLANK.search(text) else text.split("\n")
        texts = [one.strip() for one in found if one.strip()]
        schema = Schema(path.name, "prose", encoding, rows=len(texts))
        return Raw(Examples.of(texts), None, schema, "labels", digest([text]))
