"""What a lesson claims, as a sentence: the numbers of its evidence in the words of its reflection."""

from collections.abc import Mapping
from typing import Any

from haoqi.core import formats
from haoqi.core.say import Sentence, known, named, say

MOST_NAMED = 6
"""Of a list of names, so many are told."""


def said(kind: str, evidence: Mapping[str, Any]) -> Sentence | None:
    """Return the claim of a kind of lesson in every language; None where the texts do not know the kind."""
    key = f"lesson.{kind}"
    return say(key, **{name: spoken(name, value) for name, value in evidence.items()}) if known(key) else None


def claim(kind: str, evidence: Mapping[str, Any]) -> str:
    """Return the claim as a line of text takes it; the kind itself where the texts do not know it."""
    found = said(kind, evidence)
    if found is None:
        return kind.replace("_", " ")
    plain = {name: value if isinstance(value, Sentence) else unbroken(value) for name, value in found.facts.items()}
    return say(found.key, **plain)


def measured_in(measure: str) -> str:
    """Return the name of the sentence that says in what a lesson's test is measured."""
    key = f"lessons.measure.{measure}"
    return key if known(key) else "lessons.measure.other"


def unbroken(value: str) -> str:
    """Return a text with usual blanks between numbers and their units."""
    return value.replace(formats.SPACE, " ")


def spoken(name: str, value: Any) -> str:
    """Return a piece of evidence as it is read: shares in percent, names in a row.

    >>> spoken("rows", 1200), spoken("gap", 0.1234), spoken("labels", ["a", "b"])
    ('1,200', '0.123', 'a, b')
    """
    if name == "probe":
        return named("probe", str(value))
    if value is None:
        return formats.DASH
    if isinstance(value, bool | str):
        return value if isinstance(value, str) else str(value)
    if isinstance(value, int):
        return formats.count(value)
    if isinstance(value, float):
        return formats.share(value) if name.endswith("share") else formats.score(value)
    return ", ".join(map(str, list(value)[:MOST_NAMED])) + (", …" if len(value) > MOST_NAMED else "")
