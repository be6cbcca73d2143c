"""What a lesson claims, as a sentence: the numbers of its evidence in the words of the report's texts."""

from collections.abc import Mapping
from html import unescape
from typing import Any

from haoqi.evaluate.report import formats
from haoqi.evaluate.report.markup import Child, Said, texts

MOST_NAMED = 6
"""Of a list of names, so many are told."""


def said(kind: str, evidence: Mapping[str, Any]) -> Said | None:
    """Return the claim of a kind of lesson in every language; None where the texts do not know the kind."""
    key = f"lesson.{kind}"
    if key not in texts("en"):
        return None
    return Said(key, **{name: spoken(name, value) for name, value in evidence.items()})


def claim(kind: str, evidence: Mapping[str, Any], language: str = "en") -> str:
    """Return the claim in one language as plain text; the kind itself where the texts do not know it."""
    found = said(kind, evidence)
    return kind.replace("_", " ") if found is None else unescape(found.within(language)).replace(formats.SPACE, " ")


def spoken(name: str, value: Any) -> Child:
    """Return a piece of evidence as it is read: shares in percent, names in a row.

    >>> spoken("rows", 1200), spoken("gap", 0.1234), spoken("labels", ["a", "b"])
    ('1,200', '0.123', 'a, b')
    """
    if name == "probe" and f"probe.{value}" in texts("en"):
        return Said(f"probe.{value}")
    if value is None:
        return formats.DASH
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return formats.count(value)
    if isinstance(value, float):
        return formats.share(value) if name.endswith("share") else formats.score(value)
    return ", ".join(map(str, list(value)[:MOST_NAMED])) + (", …" if len(value) > MOST_NAMED else "")
