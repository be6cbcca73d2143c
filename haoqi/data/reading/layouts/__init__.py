"""Layouts of documents, a file each: exports of tools and usual files of a task, known by the shape of their values.

A layout says which of its fields is the text and which the label, or that nothing can be learnt from it and what
else to export. Files of no layout are read as plain records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from haoqi.core.errors import UserError
from haoqi.core.registry import Registry
from haoqi.core.say import say
from haoqi.data.raw import Part
from haoqi.data.settings import DataSettings


@dataclass(frozen=True)
class Content:
    """The columns that a document holds, and what its layout says of them."""

    columns: dict[str, list[Any]]
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role ("text", "label", ...) to its column."""
    why: Mapping[str, str] = field(default_factory=dict)
    """Role to the reason for that column."""
    parts: list[Part] | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Reason to the number of records left out for it."""
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))


@dataclass(frozen=True)
class Asked:
    """What a layout is read for."""

    name: str
    """What a person calls the source."""
    settings: DataSettings
    labelled: bool = True
    """Whether labels are wanted; else texts alone are, and no row may be left out."""


class Layout(Protocol):
    """One way in which a document lays out texts and labels."""

    def recognises(self, document: Any) -> float:
        """Return how surely a document has this layout, from 0 to 1; looks at all records, and never raises."""

    def read(self, document: Any, asked: Asked) -> Content:
        """Return the columns of a document that has this layout.

        Raises:
            UserError: if nothing can be learnt from it, with what to export or to say instead.
        """


layouts: Registry[Layout] = Registry("layout", "haoqi.data.reading.layouts")


def layout_for(document: Any) -> str | None:
    """Return the name of the layout that a document surely has, or None for plain records."""
    if not isinstance(document, list | dict) or not document:
        return None
    sure = {name: layouts.build(name).recognises(document) for name in layouts.names()}
    best = max(sure, key=lambda name: sure[name])
    return best if sure[best] > 0 else None


def are_records(document: Any, *keys: str) -> bool:
    """Return whether a document is a list of records that all have these keys."""
    if not isinstance(document, list) or not document:
        return False
    return all(isinstance(row, dict) and all(key in row for key in keys) for row in document)


def refuse(asked: Asked, layout: str, why: str, hint: str) -> NoReturn:
    """Raise UserError that names a layout and says what to do instead."""
    raise UserError(say("layout.refused", name=asked.name, layout=layout, why=why), hint)
