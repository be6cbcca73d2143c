"""Texts whose two stretches stand beside them, by their words or their places, as texts with marks in them.

Columns `text, head, tail, relation`; OpenNRE's records {"text" or "token", "h": {"name", "pos"}, "t": ..., "relation"}
(Han et al., 2019, arXiv:1909.13078); TACRED's {"token", "subj_start", "subj_end", "obj_start", "obj_end", "relation"}
(Zhang et al., 2017, aclanthology.org/D17-1004), and their like.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.entity_marks import are_marked
from haoqi.data.reading.spans.stretches import ENDS, NAMES, PLACES, STARTS, Sides
from haoqi.data.reading.tables.column_names import TEXTS
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.data.reading.tables.table import Table

_PAIRS = (
    *(("head", "tail"), ("h", "t"), ("subj", "obj"), ("subject", "object"), ("entity1", "entity2"), ("e1", "e2")),
    *(("entity_1", "entity_2"), ("ent1", "ent2"), ("arg1", "arg2"), ("head_entity", "tail_entity")),
    *(("头实体", "尾实体"), ("主体", "客体"), ("主语", "宾语"), ("实体1", "实体2")),
)
_WORDS = ("token", "tokens", "words")
_RELATIONS = ("relation", "relations", "relation_type", "rel", "predicate", "label", "关系", "关系类型")
_BELOW = frozenset((*NAMES, *STARTS, *ENDS, *PLACES, "id", "type"))
# Of some rows, so many must have their stretches in the text for the columns to be what they are called.
LOOKED_AT, SHARE = 200, 0.8


def find_sides(columns: Mapping[str, Sequence[Any]], text: str | None = None) -> Sides | None:
    """Return the columns of a text and of two stretches of it, by their names and some of their cells, or None.

    Args:
        columns: some cells of all columns, those of records within records with a dot or as they are.
        text: the column of the text, where a person named it.
    """
    found = _named(columns, text)
    if found is None:
        return None
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)][:LOOKED_AT]
    plain = [row[found.text] for row in rows if isinstance(row[found.text], str)]
    if not rows or (plain and are_marked(plain)):
        return None
    found = replace(found, inclusive=found.counts_inclusively(rows))
    return found if sum(found.mark(row) is not None for row in rows) >= SHARE * len(rows) else None


def with_marks(table: "Table", settings: DataSettings, labelled: bool = True) -> "Table":
    """Return a table whose texts have marks, where columns beside the text say which two stretches are meant.

    Raises:
        UserError: if more rows than allowed have stretches that are not in their text.
    """
    relation = settings.label or next((one for one in _RELATIONS if one in table.columns), None)
    if labelled and relation is None:
        return table
    found = find_sides({name: cells[:LOOKED_AT] for name, cells in table.columns.items()}, settings.text)
    if found is None or relation in found.columns:
        return table
    rows = zip(*table.columns.values(), strict=True)
    texts = [found.mark(dict(zip(table.columns, cells, strict=True))) for cells in rows]
    out = [row for row, text in enumerate(texts) if text is None] if labelled else []
    if len(out) > settings.bad_share() * len(texts):
        facts = {"count": len(out), "total": len(texts), "name": table.name, "row": out[0] + 1}
        raise UserError(say("marks.unfound", **facts), say("marks.unfound.hint"))
    kept = [row for row, text in enumerate(texts) if text is not None or not labelled]
    said = {relation, *(getattr(settings, role) for role in ("group", "time", "pair"))}
    columns = {
        name: [cells[row] for row in kept]
        for name, cells in table.columns.items()
        if name not in found.columns and (name in said or not any(isinstance(cell, list | dict) for cell in cells))
    }
    columns[found.text] = [texts[row] or "" for row in kept]
    roles, why = dict(table.roles), dict(table.why)
    if not settings.text:
        roles["text"], why["text"] = found.text, say("marks.text", columns=", ".join(found.columns[:6]))
    if labelled and relation is not None and not settings.label:
        roles["label"], why["label"] = relation, say("marks.label")
    skipped: dict[str, int] = {say("left.unfound_stretches"): len(out)} if out else {}
    return replace(
        table,
        columns=columns,
        parts=table.parts and [table.parts[row] for row in kept],
        skipped={**table.skipped, **skipped},
        roles=roles,
        why=why,
    )


def _named(columns: Iterable[str], text: str | None) -> Sides | None:
    """Return the columns of a text and of two stretches of it by their names, or None."""
    lower = {column.strip().lower(): column for column in columns}
    chosen = text or next((lower[name] for name in (*TEXTS[:3], *_WORDS, *TEXTS) if name in lower), None)
    if chosen is None or chosen not in lower.values():
        return None
    for sides in _PAIRS:
        own = [[column for name, column in lower.items() if _belongs(name, side)] for side in sides]
        if all(own) and chosen not in (*own[0], *own[1]):
            return Sides(chosen, sides, (*own[0], *own[1]))
    return None


def _belongs(name: str, side: str) -> bool:
    """Return whether a column is of one side: head, head.pos, head_start."""
    rest = name.removeprefix(side)
    return name == side or (rest != name and rest[0] in "._" and rest[1:] in _BELOW)
