"""NER Annotator's export: the classes, and annotations that pair each text with its entities."""

from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, layouts


@layouts.register
class NerAnnotator:
    """Texts that were skipped, written as null, are left out."""

    def recognises(self, document: Any) -> float:
        if not isinstance(document, dict) or not isinstance(document.get("annotations"), list):
            return 0.0
        rows = [row for row in document["annotations"] if row is not None]
        return 1.0 if "classes" in document and rows and all(_is_pair(row) for row in rows) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        rows = [row for row in document["annotations"] if row is not None]
        skipped = len(document["annotations"]) - len(rows)
        columns = {"text": [row[0] for row in rows], "entities": [row[1].get("entities") or [] for row in rows]}
        roles = {"text": "text", "label": "entities"} if asked.labelled else {"text": "text"}
        told: dict[str, int] = {say("left.skipped"): skipped} if skipped else {}
        return Content(columns, roles, dict.fromkeys(roles, say("layout.by_ner_annotator")), skipped=told)


def _is_pair(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], dict)
