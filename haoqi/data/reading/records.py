"""JSON as data comes in it: one array, a record a line, pretty-printed records in a row, or splits by name."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Part
from haoqi.data.reading.decoding.characters import well_formed_values
from haoqi.data.reading.tables.column_names import TEXTS

_SPLITS: Mapping[str, Part] = {
    "train": "train",
    "training": "train",
    "dev": "valid",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "test": "test",
    "testing": "test",
    "testa": "valid",
    "testb": "test",
    "eval": "valid",
    "unlabelled": "unlabelled",
    "unlabeled": "unlabelled",
    "unsup": "unlabelled",
    "unsupervised": "unlabelled",
}
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")

# Keys under which records usually stand.
_WRAPPERS = ("data", "rows", "records", "items", "examples", "results", "documents", "entries", "dataset", "samples")
# Fewer texts with labels than this are rather one record.
_PAIRS = 8


def part_of(name: str) -> Part | None:
    """Return the split that a name speaks of, or None.

    >>> part_of("eng.testa"), part_of("oos_val"), part_of("latest")
    ('valid', 'valid', None)
    """
    words = "".join(letter if letter.isalpha() else " " for letter in name.lower()).split()
    return next((_SPLITS[word] for word in words if word in _SPLITS), None)


def parse(text: str, name: str) -> tuple[list[Any], list[Part] | None]:
    """Return the records of a JSON text as they stand there, and the split of each where splits have names.

    Args:
        text: the content of the file.
        name: what a person calls it, for errors.

    Raises:
        UserError: if it is not JSON.
    """
    rows: list[Any] = []
    parts: list[Part] = []
    found = splits_of(document_of(text, name))
    for part, document in found:
        rows += rows_of(document)
        parts += [part or "train"] * (len(rows) - len(parts))
    return rows, parts if found[0][0] else None


def document_of(text: str, name: str) -> Any:
    """Return the value that a JSON text holds; a list of them where it holds several, such as a record a line.

    Args:
        text: the content of the file.
        name: what a person calls it, for errors.

    Raises:
        UserError: if it is not JSON.
    """
    found = _whole(list(_values(text, name)), text)
    return found[0] if len(found) == 1 else found


def splits_of(document: Any) -> list[tuple[Part | None, Any]]:
    """Return what stands under the names of splits, with the split; the whole with None where there are no such names.

    >>> splits_of({"data": {"train": [1], "test": [2]}})
    [('train', [1]), ('test', [2])]
    """
    for found in unwrapped(document):
        if isinstance(found, dict):
            below = {key: value for key, value in found.items() if isinstance(value, list | dict) and value}
            parts = {key: part_of(str(key)) for key in below}
            if below and all(parts.values()):
                return [(parts[key], value) for key, value in below.items()]
    return [(None, document)]


def unwrapped(document: Any) -> Iterator[Any]:
    """Yield a document, then what stands under the one key of it that holds records, and so on, two deep."""
    for _ in range(3):
        yield document
        if not isinstance(document, dict):
            return
        usual = [key for key in _WRAPPERS if isinstance(document.get(key), list | dict) and document[key]]
        below = [value for value in document.values() if isinstance(value, list | dict) and value]
        if len(document) == 1 and len(below) == 1 and _is_outer(below[0]):
            document = below[0]
        elif usual and not _names_a_text(document):
            document = document[usual[0]]
        elif len(below) == 1 and _is_outer(below[0], surely=True) and not _names_a_text(document):
            document = below[0]
        else:
            return


def rows_of(document: Any) -> list[Any]:
    """Return the rows of a document: records, lists of cells, or texts.

    Lists and records of equal length under names are columns; records under names of their own are rows that
    keep it as `key`; short values that repeat under long names are the labels of the texts that the names are.
    """
    whole = document
    for found in unwrapped(document):
        whole = found
        if isinstance(found, dict) and (rows := _of_mapping(found)) is not None:
            return rows
    return whole if isinstance(whole, list) else [whole]


def _of_mapping(found: Mapping[Any, Any]) -> list[Any] | None:
    values = list(found.values())
    names, cells = found.get("columns"), found.get("data")
    if isinstance(names, list) and isinstance(cells, list) and all(isinstance(row, list) for row in cells):
        return [dict(zip(map(str, names), row, strict=False)) for row in cells]  # as pandas splits a table
    if len(values) < 2:
        return None
    if all(isinstance(value, list) for value in values) and len({len(value) for value in values}) == 1:
        return [dict(zip(found, row, strict=True)) for row in zip(*values, strict=True)]
    if all(isinstance(value, dict) for value in values):
        keys = [list(value) for value in values]
        if keys[0] and all(one == keys[0] for one in keys) and all(str(key).isdigit() for key in keys[0]):
            return [{name: value[key] for name, value in found.items()} for key in keys[0]]
        if set(keys[0]) & set(keys[1]) and not all(isinstance(v, dict) for value in values for v in value.values()):
            return [{"key": name, **value} for name, value in found.items()]
    if len(values) >= _PAIRS and all(isinstance(value, str) for value in values):
        lengths = sum(map(len, map(str, found))), sum(map(len, values))
        if lengths[0] > lengths[1] and len(set(values)) < 0.5 * len(values):
            return [{"text": str(name), "label": value} for name, value in found.items()]
    return None


def _is_outer(value: Any, *, surely: bool = False) -> bool:
    """Return whether a value holds records or lists of them, rather than being cells; surely: a list, or splits."""
    if surely and isinstance(value, dict) and not all(part_of(str(key)) for key in value):
        return False
    inner = value[:3] if isinstance(value, list) else list(value.values())[:3]
    return all(isinstance(one, list | dict) for one in inner)


def _names_a_text(document: Mapping[str, Any]) -> bool:
    return any(
        str(key).lower() in TEXTS and isinstance(value, str) for key, value in document.items() if key != "title"
    )


def record_of(line: str) -> Any:
    """Return the value of one line of JSON, half surrogate pairs in its texts and keys read as U+FFFD.

    Raises:
        ValueError: if it is not JSON.
    """
    return _whole([json.loads(line)], line)[0]


def _whole(values: list[Any], text: str) -> list[Any]:
    """Return values as they are, unless their text holds halves of surrogate pairs, which are read as U+FFFD."""
    # Escapes of whole pairs look the same, and are left as they are by the slower way, too.
    return [well_formed_values(value) for value in values] if _HALF.search(text) else values


def _values(text: str, name: str) -> Iterator[Any]:
    """Yield each JSON value of a text; a line each is by far the fastest to read."""
    lines = text.split("\n", 2)
    try:
        json.loads(lines[0])
        by_line = len(lines) > 1
    except (ValueError, RecursionError):
        by_line = False
    if by_line:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise UserError(
                        say("json.bad_line", number=number, name=name, error=str(error)), say("json.bad_line.hint")
                    ) from None
        return
    decoder, at, end = json.JSONDecoder(), 0, len(text)
    while (at := _skip(text, at)) < end:
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise UserError(say("json.bad", name=name, error=str(error)), say("document.records.hint")) from None
        yield value


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at
