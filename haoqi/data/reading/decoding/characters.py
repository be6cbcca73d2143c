"""Characters that no encoding can write: halves of surrogate pairs, which broken escapes and arguments bring in."""

import re
from typing import Any

_HALVES = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    r"""Return a text with U+FFFD for each half of a surrogate pair, so that all other characters keep their places.

    >>> well_formed("so good \ud83d!")
    'so good �!'
    """
    if text.isascii():
        return text
    try:
        text.encode()  # many times faster than to search
    except UnicodeEncodeError:
        return _HALVES.sub("\ufffd", text)
    return text


def well_formed_values(value: Any) -> Any:
    """Return a value as JSON can hold it with all its texts well formed, in lists and records too, and keys."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [well_formed_values(part) for part in value]
    if isinstance(value, dict):
        return {well_formed_values(key): well_formed_values(part) for key, part in value.items()}
    return value
