"""Names of relations: which of the two stretches is the head, and which names say that no relation holds."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_DIRECTION = re.compile(r"(.+?)\s*\(\s*e([12])\s*,\s*e([12])\s*\)", re.IGNORECASE | re.DOTALL)
NONE = frozenset(
    {
        *("other", "no_relation", "no relation", "no-relation", "norelation", "na", "n/a", "none", "null", "unknown"),
        *("无", "无关系", "没有关系", "其他", "其它", "未知"),
    }
)
"""How data sets call it, in small letters, that no relation of theirs holds."""


class Relation(NamedTuple):
    """A relation's name, and whether its head is the first of the two stretches."""

    name: str
    forward: bool = True


def relation_of(label: str) -> Relation | None:
    """Return the relation that a label names, or None for one that says there is none.

    >>> relation_of("Cause-Effect(e2,e1)"), relation_of("founded_by"), relation_of("Other")
    (Relation(name='Cause-Effect', forward=False), Relation(name='founded_by', forward=True), None)
    """
    if label.strip().lower() in NONE:
        return None
    match = _DIRECTION.fullmatch(label.strip())
    if match is None or match[2] == match[3]:
        return Relation(label)
    return Relation(match[1], match[2] == "1")


def directed(labels: Iterable[str]) -> bool:
    """Return whether labels say which stretch is the head: all that name a relation do."""
    named = [label for label in labels if label.strip().lower() not in NONE]
    return bool(named) and all(_DIRECTION.fullmatch(label.strip()) for label in named)


def mirrored(label: str) -> str:
    """Return what a label is called once the two stretches are marked the other way round.

    >>> mirrored("Cause-Effect(e2,e1)"), mirrored("Other")
    ('Cause-Effect(e1,e2)', 'Other')
    """
    match = _DIRECTION.fullmatch(label.strip())
    if match is None or match[2] == match[3] or label.strip().lower() in NONE:
        return label
    return f"{label[: match.start(2)]}{match[3]}{label[match.end(2) : match.start(3)]}{match[2]}{label[match.end(3) :]}"
