"""JSON as data comes in it: one array, a record a line, pretty-printed records in a row, or splits by name."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.characters import well_formed_values
from haoqi.data.raw import Part

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


def part_of(name: str) -> Part | None:
    """Return the split that a name speaks of, or None.

    >>> part_of("eng.testa"), part_of("oos_val"), part_of("latest")
    ('valid', 'valid', None)
    """
    words = "".join(letter if letter.isalpha() else " " for letter in name.lower()).split()
    return next((_SPLITS[word] for word in words if word in _SPLITS), None)


def parse(text: str, name: str) -> tuple[list[Any], list[Part] | None]:
    """Return the records of a JSON text, and the split of each where they stand under names of splits.

    Args:
        text: the content of the file.
        name: what a person calls it, for errors.

    Raises:
        UserError: if it is not JSON.
    """
    found = _whole(list(_values(text, name)), text)
    if len(found) > 1:
        return found, None
    whole = found[0] if found else []
    if isinstance(whole, list):
        return whole, None
    if isinstance(whole, dict):
        lists = {key: value for key, value in whole.items() if isinstance(value, list) and value}
        parts = {key: part_of(key) for key in lists}
        if lists and all(parts.values()):
            rows = [(row, part) for key, part in parts.items() if part for row in lists[key]]
            return [row for row, _ in rows], [part for _, part in rows]
        if len(lists) == 1 and isinstance(next(iter(lists.values()))[0], dict):
            return next(iter(lists.values())), None  # {"data": [...]}
        if len(lists) == len(whole) and len({len(value) for value in lists.values()}) == 1:
            return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)], None
    return [whole], None


def some(text: str, most: int = 50) -> list[Any]:
    """Return the first records of a JSON text that may be cut off; none where it is no JSON."""
    found: list[Any] = []
    decoder, at = json.JSONDecoder(), _skip(text, 0)
    at += text[at : at + 1] == "["
    while len(found) < most and (at := _skip(text, at)) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            break
        found.append(value)
    return _whole(found, text)


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
    except ValueError:
        by_line = False
    if by_line:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise UserError(
                        f"line {number} of {name} is not JSON: {error}", "each line holds one record"
                    ) from None
        return
    decoder, at, end = json.JSONDecoder(), 0, len(text)
    while (at := _skip(text, at)) < end:
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            raise UserError(f"{name} is not JSON: {error}", "give an array of records, or a record a line") from None
        yield value


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at
