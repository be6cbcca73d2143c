"""Texts a line each, with the names in them marked where they stand: {{kind:words}}."""

import re
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples, Span
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import check_lengths
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

_STRAY = re.compile(r"\{\{|\}\}")
_MARK = re.compile(r"\{\{\s*(?P<kind>[^{}:|]{1,60}?)\s*[:|]\s*(?P<words>[^{}]+?)\s*\}\}")
# From this share of lines with a mark on, a file is of marked texts; the others have nothing to mark.
_MARKED = 0.3


@sources.register
class Inline:
    """Marks are taken out of the texts and become spans; a line without any is a text without spans."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file():
            return 0.0
        lines = [line for line in head(path, settings.encoding).split("\n")[:2_000] if line.strip()]
        marked = sum(_MARK.search(line) is not None for line in lines)
        return 0.96 if len(lines) > 1 and marked >= _MARKED * len(lines) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        broken = [number for number, line in enumerate(lines, 1) if _STRAY.search(_MARK.sub("", line))]
        if len(broken) > settings.bad_share() * len(lines):
            raise UserError(
                say(
                    "inline.broken",
                    count=len(broken),
                    count2=len(lines),
                    name=path.name,
                    names=", ".join(map(str, broken[:5])),
                ),
                say("inline.broken.hint"),
            )
        out = set(broken)
        rows = [unmarked(line) for number, line in enumerate(lines, 1) if number not in out]
        examples = Examples([t for t, _ in rows], [spans for _, spans in rows], list(range(len(rows))))
        check_lengths(examples.texts, path.name, settings)
        skipped: dict[str, int] = {say("left.broken_mark"): len(broken)} if broken else {}
        notes = (say("inline.marks"),)
        schema = Schema(path.name, "inline", encoding, rows=len(examples), skipped=skipped, notes=notes)
        return Raw(examples, None, schema, "spans", digest([text]))


def unmarked(line: str) -> tuple[str, tuple[Span, ...]]:
    """Return a line without its marks, and the spans that they marked.

    >>> unmarked("a table in {{city:Rome}}!")
    ('a table in Rome!', (Span(start=11, end=15, label='city'),))
    """
    text, at, found = "", 0, []
    for mark in _MARK.finditer(line):
        text += line[at : mark.start()]
        found.append(Span(len(text), len(text) + len(mark["words"]), mark["kind"]))
        text += mark["words"]
        at = mark.end()
    return text + line[at:], tuple(found)
