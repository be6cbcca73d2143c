"""What a text is searched by: words, and of scripts without spaces pairs of neighbouring characters."""

import re
import unicodedata
from collections.abc import Iterator

from haoqi.tasks.words import UNSPACED

_RUNS = re.compile(rf"[{UNSPACED}]+|(?:(?![{UNSPACED}])\w)+")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def index_terms(text: str) -> list[str]:
    """Return the terms that a text is found by, in order: words, single characters and pairs of unspaced scripts.

    Upper and lower case, half and full width are one.

    >>> index_terms("重装WiFi 驱动")
    ['重', '装', '重装', 'wifi', '驱', '动', '驱动']
    """
    return [term for run in _runs(text) for term in (*_singles(run), *_pairs(run))]


def query_terms(text: str) -> list[str]:
    """Return the terms that a query looks for: as those of an index, but single characters only where they stand alone.

    Pairs tell words apart; a character that occurs in every other text only adds noise.

    >>> query_terms("重装WiFi 猫")
    ['重装', 'wifi', '猫']
    """
    return [term for run in _runs(text) for term in (_pairs(run) or _singles(run))]


def _runs(text: str) -> Iterator[str]:
    """Yield words, and stretches of an unspaced script."""
    return (match[0] for match in _RUNS.finditer(unicodedata.normalize("NFKC", text).lower()))


def _singles(run: str) -> list[str]:
    return list(run) if len(run) == 1 or _UNSPACED.match(run) else []


def _pairs(run: str) -> list[str]:
    if not _UNSPACED.match(run):
        return [run] if len(run) > 1 else []
    return [run[at : at + 2] for at in range(len(run) - 1)]
