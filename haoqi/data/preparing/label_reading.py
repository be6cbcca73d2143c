"""Labels as a task reads them, and how many that it cannot read are left out instead of ending a run.

Whoever guesses a task, shows a file or prepares a run reads its labels here, so that all are as tolerant.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import message_of, say
from haoqi.data.examples import Examples, Label, Span
from haoqi.data.reading.tables.column_kinds import is_empty
from haoqi.data.settings import DataSettings

ReadLabel = Callable[[object], Label]

UNREADABLE_LABEL = 0.02
"""The share of rows with a label that cannot be read which is left out, and told, unless a person says another."""


@dataclass(frozen=True)
class ReadLabels:
    """What a task reads in the cells of some rows."""

    labels: list[Label]
    """None where a row has no label, or one that cannot be read."""
    unreadable: Mapping[int, str]
    """Why, by the place of the row."""

    @property
    def reason(self) -> str:
        """Why labels cannot be read, of the first; dots stand for other reasons."""
        reasons = list(dict.fromkeys(self.unreadable.values()))
        return reasons[0] if len(reasons) == 1 else say("list.cut", listed=reasons[0])


def read_all_labels(examples: Examples, read_label: ReadLabel) -> ReadLabels:
    """Return what a task reads in the labels of examples; spans that do not fit their texts cannot be read.

    Args:
        examples: with labels as they came.
        read_label: from such a label to a typed one; raises ValueError with the reason where it cannot.
    """
    known: dict[Any, Label] = {}  # a million rows have few different cells
    labels: list[Label] = []
    unreadable: dict[int, str] = {}
    for row, (text, cell) in enumerate(zip(examples.contexts or examples.texts, examples.labels, strict=True)):
        key = (type(cell), cell) if isinstance(cell, str | int | float) else None  # 1 is True, but reads otherwise
        label: Label = None
        try:
            if key is not None and key in known:
                label = known[key]
            elif not is_empty(cell):
                label = read_label(cell)
                if key is not None:
                    known[key] = label
            if isinstance(label, tuple) and label and isinstance(label[0], Span) and (problem := misfit(label, text)):
                raise ValueError(problem)
        except ValueError as error:
            unreadable[row], label = message_of(error), None
        labels.append(label)
    return ReadLabels(labels, unreadable)


def tolerate_unreadable(read: ReadLabels, ids: Sequence[int], settings: DataSettings) -> None:
    """Raise UserError if more labels cannot be read than a person allows, or than is usual.

    Args:
        read: the labels.
        ids: the number of each row in its source, from 0.
        settings: say what a person allows.
    """
    found, total = list(read.unreadable), len(read.labels)
    if not found or (len(found) <= settings.bad_share(UNREADABLE_LABEL) * total and len(found) < total):
        return
    least = min(1.0, -(-100 * len(found) // total) / 100)
    raise UserError(
        say("rows.unreadable", count=len(found), total=total, reason=read.reason, named=named_rows(ids, found)),
        say("rows.too_many.hint", min=least) if len(found) < total else say("rows.unreadable_all.hint"),
    )


def named_rows(ids: Sequence[int], found: Sequence[int]) -> str:
    """Return the first of some rows as a person counts them."""
    listed = ", ".join(str(ids[row] + 1) for row in found[:5])
    key = "rows.rows_cut" if len(found) > 5 else "rows.rows" if len(found) > 1 else "rows.row"
    return say(key, listed=listed)


def misfit(spans: Iterable[Sequence[Any]], text: str) -> str:
    """Return why spans cannot belong to a text, or nothing: one ends beyond it, or holds only space."""
    for start, end, label in spans:
        where = {"start": start, "end": end, "label": label}
        if not 0 <= start < end <= len(text):
            return say("cell.span_outside", count=len(text), **where)
        if not text[start:end].strip():
            return say("cell.span_blank", **where)
    return ""
