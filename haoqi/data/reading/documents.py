"""From a document, as JSON or YAML hold it, to a table: by the layout that knows it, else as plain records."""

from collections import Counter
from dataclasses import replace
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Part, Raw
from haoqi.data.reading.fields import columns_of
from haoqi.data.reading.layouts import Asked, Content, layout_for, layouts
from haoqi.data.reading.records import rows_of, splits_of, unwrapped
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.settings import DataSettings

_ROLES = ("text", "label", "pair", "context", "group", "time")


def read_document(document: Any, table: Table, settings: DataSettings, labelled: bool = True) -> Raw:
    """Return the rows of a document.

    Args:
        document: the parsed value, or a list of several.
        table: the name, format and fingerprint of its source; it has no columns yet.
        settings: what a person said of it.
        labelled: whether there must be labels.

    Raises:
        UserError: if there are no rows of texts in it, or its layout cannot be learnt from.
    """
    asked = Asked(table.name, settings, labelled)
    try:
        contents = [(part, _content(below, asked, part)) for part, below in splits_of(document)]
    except RecursionError:
        raise UserError(say("document.deep", name=table.name), say("document.records.hint")) from None
    content = contents[0][1] if len(contents) == 1 and contents[0][0] is None else _joined(contents)
    if not content.columns:
        raise UserError(say("document.no_records", name=table.name), say("document.no_records.hint"))
    filled = replace(
        table,
        columns=content.columns,
        parts=content.parts,
        skipped=dict(content.skipped),
        notes=(*table.notes, *content.notes),
        warnings=(*table.warnings, *content.warnings),
        roles=dict(content.roles),
        why=dict(content.why),
    )
    return to_raw(filled, settings, labelled)


def _content(document: Any, asked: Asked, part: Part | None) -> Content:
    """Return the columns of a document or of one split of it."""
    asked = replace(asked, labelled=asked.labelled and part != "unlabelled")
    said = {getattr(asked.settings, role) for role in _ROLES} - {None}
    if not asked.labelled:
        said -= {asked.settings.label}
    for below in unwrapped(document):
        name = layout_for(below)
        if name is None:
            continue
        content = layouts.build(name).read(below, asked)
        if said <= set(content.columns):
            return replace(content, notes=(say("layout.is", name=name), *content.notes))
        break
    rows = rows_of(document)
    blank = sum(row is None for row in rows)
    skipped: dict[str, int] = {say("left.no_record"): blank} if blank and blank < len(rows) else {}
    rows = [row for row in rows if row is not None] if skipped else rows
    return Content(columns_of(rows, asked.name), skipped=skipped)


def _joined(contents: list[tuple[Part | None, Content]]) -> Content:
    """Return the columns of several splits one after another; what a split lacks is missing there."""
    names = dict.fromkeys(column for _, content in contents for column in content.columns)
    columns: dict[str, list[Any]] = {
        name: [cell for _, content in contents for cell in content.columns.get(name, [None] * len(content))]
        for name in names
    }
    parts: list[Part] = []
    skipped: Counter[str] = Counter()
    for part, content in contents:
        parts += content.parts or [part or "train"] * len(content)
        skipped.update(content.skipped)
    first = contents[0][1]
    notes = tuple(dict.fromkeys(note for _, content in contents for note in content.notes))
    warnings = tuple(dict.fromkeys(note for _, content in contents for note in content.warnings))
    return Content(columns, first.roles, first.why, parts, dict(skipped), notes, warnings)
