"""A text and its label on each line: sentence@label, text TAB label, or fastText's __label__x text."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.decode import head, read_text
from haoqi.data.raw import Raw, digest
from haoqi.data.settings import DataSettings
from haoqi.data.sources import sources
from haoqi.data.table import Table, to_raw

_MARKED = re.compile(r"((?:__label__\S+\s+)+)(.*)")
_DELIMITERS = ("\t", " ||| ", "@", "|", ";")


@sources.register
class Lines:
    """Lines without names of columns, cut once, at the last delimiter."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file() or path.suffix.lower() in (".csv", ".tsv", ".json", ".jsonl"):
            return 0.0
        lines = [line for line in head(path, settings.encoding).split("\n")[:500] if line.strip()]
        lines = lines[:-1] if len(lines) > 2 else lines
        if not lines:
            return 0.0
        if all(line.startswith("__label__") for line in lines):
            return 0.98
        # A table says more than lines do; only what a table cannot be is claimed here.
        return 0.6 if guess(lines, settings.delimiter) in ("@", " ||| ") else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        lines = [line.strip("\r") for line in text.split("\n") if line.strip()]
        if all(line.startswith("__label__") for line in lines[:500]):
            columns, delimiter = _marked(lines, path.name), None
        elif delimiter := guess(lines[:500], settings.delimiter):
            columns = _cut(lines, delimiter, path.name, settings)
        elif labelled:
            raise UserError(
                f"{path.name} has a text on each line but no label",
                "say what stands between text and label with --delimiter",
            )
        else:
            columns, delimiter = {"text": lines, "label": [None] * len(lines)}, None
        table = Table(path.name, columns, "lines", digest([text]), None, encoding, delimiter)
        return to_raw(table, settings, labelled)


def guess(lines: Sequence[str], said: str | None) -> str | None:
    """Return what stands between text and label: there the last pieces of lines repeat and are short."""
    for delimiter in (said,) if said else _DELIMITERS:
        ends = [line.rpartition(delimiter)[2].strip() for line in lines if delimiter in line]
        if len(ends) >= 0.99 * len(lines) and (said or _like_labels(ends)):
            return delimiter
    return None


def _like_labels(ends: Sequence[str]) -> bool:
    counts = Counter(ends)
    return 1 < len(counts) <= max(2, 0.2 * len(ends)) and max(map(len, counts)) <= 40


def _cut(lines: Sequence[str], delimiter: str, name: str, settings: DataSettings) -> dict[str, list[Any]]:
    texts: list[str | None] = []
    labels: list[str | None] = []
    for line in lines:
        text, found, label = line.rpartition(delimiter)
        texts.append(text.strip() if found else line)
        labels.append(label.strip() if found else None)
    without = [number for number, label in enumerate(labels, 1) if label is None]
    if len(without) > settings.bad_rows * len(lines):
        raise UserError(
            f"{len(without):,} of {len(lines):,} lines of {name} have no {delimiter!r}", "check --delimiter"
        )
    return {"text": texts, "label": labels}


def _marked(lines: Sequence[str], name: str) -> dict[str, list[Any]]:
    texts: list[Any] = []
    labels: list[list[str]] = []
    for number, line in enumerate(lines, 1):
        found = _MARKED.fullmatch(line)
        if not found:
            raise UserError(f"line {number} of {name} does not begin with __label__", "write __label__x and the text")
        labels.append([mark.removeprefix("__label__") for mark in found[1].split()])
        texts.append(found[2].strip())
    single = all(len(marks) == 1 for marks in labels)
    return {"text": texts, "label": [marks[0] if single else marks for marks in labels]}
