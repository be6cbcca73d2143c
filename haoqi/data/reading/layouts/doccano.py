"""Doccano's export: a text with its labels, spans or categories, relations and comments."""

from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.fields import columns_of
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts, refuse

_LABELS = ("label", "labels", "entities", "cats", "annotations")


@layouts.register
class Doccano:
    """Comments and relations are left out; old exports that number their labels are refused."""

    def recognises(self, document: Any) -> float:
        if not are_records(document) or not all("text" in row or "data" in row for row in document):
            return 0.0
        told = all("Comments" in row or "comments" in row for row in document)
        numbered = all(_numbered(row.get("annotations")) for row in document) and any(
            row.get("annotations") for row in document
        )
        return 0.8 if numbered or (told and any(key in row for row in document for key in _LABELS)) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        if any(row.get("annotations") for row in document) and "label" not in document[0]:
            refuse(
                asked,
                say("layout.doccano_numbered"),
                say("layout.doccano_no_names"),
                say("layout.doccano.hint"),
            )
        relations = sum(len(row.get("relations") or ()) for row in document)
        rows = [{key: row[key] for key in row if key.lower() not in ("comments", "relations")} for row in document]
        columns = columns_of(rows, asked.name)
        text = "text" if "text" in columns else "data"
        label = next((key for key in _LABELS if any(columns.get(key, ()))), None)
        roles = {"text": text} | ({"label": label} if label and asked.labelled else {})
        notes = [say("layout.relations", relations=relations)] if relations else []
        return Content(columns, roles, dict.fromkeys(roles, say("layout.by_doccano")), notes=notes)


def _numbered(annotations: Any) -> bool:
    """Return whether annotations give numbers for their labels, and who gave them."""
    if not isinstance(annotations, list):
        return False
    return all(isinstance(one, dict) and isinstance(one.get("label"), int) and "user" in one for one in annotations)
