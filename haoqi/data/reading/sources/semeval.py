"""SemEval-2010 task 8: a number and a sentence with two marked words, below it the relation, and a comment.

1	"The <e1>burst</e1> was caused by water hammer <e2>pressure</e2>."
Cause-Effect(e2,e1)
Comment: optional
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from haoqi.core.say import say
from haoqi.data.entity_marks import find_marks
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.settings import DataSettings

_SENTENCE = re.compile(r"\s*\d+[\t ]+(.*\S)\s*")
_COMMENT = re.compile(r"\s*comment\s*:", re.IGNORECASE)


@sources.register
class Semeval:
    """Sentences with <e1>...</e1> and <e2>...</e2>, each on a line after its number, and the relation on the next."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file():
            return 0.0
        first = next((line for line in head(path, settings.encoding).split("\n") if line.strip()), "")
        match = _SENTENCE.fullmatch(first)
        if match is None or find_marks(match[1]) is None:
            return 0.0
        # A table may have a number and a marked text in its first two cells, too, and the relation in the third.
        return 0.99 if _unquoted(match[1]) == match[1].strip('"') and "\t" not in match[1] else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        rows = list(_rows(text))
        columns: dict[str, list[Any]] = {"text": [one for one, _ in rows], "relation": [label for _, label in rows]}
        roles = {"text": "text"}
        if labelled and any(label is not None for _, label in rows):
            roles["label"] = "relation"
        told = {"text": say("semeval.text"), "label": say("semeval.label")}
        why: dict[str, str] = {role: told[role] for role in roles}
        table = Table(path.name, columns, "semeval", digest([text]), None, encoding, roles=roles, why=why)
        return to_raw(table, settings, labelled)


def _rows(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield each sentence with its relation; None where there is none."""
    sentence, label = None, None
    for line in text.splitlines():
        match = _SENTENCE.fullmatch(line)
        if match is not None and find_marks(match[1]) is not None:
            if sentence is not None:
                yield sentence, label
            sentence, label = _unquoted(match[1]), None
        elif line.strip() and not _COMMENT.match(line) and label is None:
            label = line.strip()
    if sentence is not None:
        yield sentence, label


def _unquoted(sentence: str) -> str:
    """Return a sentence less the quotes around all of it."""
    return sentence[1:-1] if len(sentence) > 1 and sentence[0] == sentence[-1] == '"' else sentence
