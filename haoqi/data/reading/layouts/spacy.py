"""spaCy's training data: texts with entities or with categories that are on (1.0) or off (0.0)."""

from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.fields import columns_of
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts, refuse

_SPANS = ("entities", "ents", "spans")


@layouts.register
class SpaCy:
    """Pairs of a text and {"entities": ..., "cats": ...}, or records that have these as fields."""

    def recognises(self, document: Any) -> float:
        if are_records(document, "paragraphs") and _is_old(document):
            return 0.9
        if isinstance(document, list) and document and all(_is_pair(row) for row in document):
            return 1.0
        cats = are_records(document, "text", "cats") and all(_are_cats(row["cats"]) for row in document)
        return 0.9 if cats and any(row["cats"] for row in document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        if isinstance(document[0], dict) and "paragraphs" in document[0]:
            refuse(
                asked, say("layout.spacy_old"), say("layout.spacy_old_why"),
                say("layout.spacy_old.hint"),
            )  # fmt: skip
        pairs = isinstance(document[0], list | tuple)
        rows = [{"text": row[0], **row[1]} for row in document] if pairs else [dict(row) for row in document]
        rows = [
            {**row, **({"entities": _one_group(row)} if isinstance(row.get("spans"), dict) else {})} for row in rows
        ]
        cats = [row.pop("cats", None) for row in rows]
        rows = [{key: row[key] for key in row if key not in ("tokens", "sents", "links")} for row in rows]
        columns = columns_of(rows, asked.name)
        notes = []
        label = next((key for key in _SPANS if any(columns.get(key, ()))), None)
        if any(cats):
            columns["cats"] = _chosen(cats)
            soft = sum(0 < v < 1 for one in cats for v in (one or {}).values() if isinstance(v, float))
            notes += [say("layout.soft", soft=soft)] if soft else []
            notes += [say("layout.label_left", label=label)] if label else []
            label = "cats"
        label = label or next((key for key in _SPANS if key in columns), None)
        roles = {"text": "text"} | ({"label": label} if label and asked.labelled else {})
        return Content(
            columns,
            roles,
            dict.fromkeys(roles, say("layout.by_spacy") if not pairs else say("layout.there")),
            notes=notes,
        )


def _is_pair(row: Any) -> bool:
    if not isinstance(row, list | tuple) or len(row) != 2 or not isinstance(row[0], str):
        return False
    known = ("entities", "cats", "spans", "links")
    return isinstance(row[1], dict) and (not row[1] or any(key in row[1] for key in known))


def _are_cats(cats: Any) -> bool:
    return isinstance(cats, dict) and all(isinstance(on, bool | int | float) for on in cats.values())


def _is_old(document: Sequence[Mapping[str, Any]]) -> bool:
    below = [one for row in document for one in row["paragraphs"] or () if isinstance(one, dict)]
    return bool(below) and all("sentences" in one for one in below)


def _one_group(row: Mapping[str, Any]) -> list[Any]:
    """Return the spans of all groups, after the entities."""
    return [*(row.get("entities") or ()), *(one for group in row["spans"].values() for one in group)]


def _chosen(cats: Sequence[Any]) -> list[Any]:
    """Return the categories that are on: one name where each text has exactly one, else lists."""
    on = [
        None if not isinstance(one, dict) or not one else [str(k) for k, v in one.items() if v and v >= 0.5]
        for one in cats
    ]
    single = all(one is None or len(one) == 1 for one in on)
    return [one[0] if single and one else one for one in on]
