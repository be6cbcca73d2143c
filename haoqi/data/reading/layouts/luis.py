"""LUIS and its successor CLU: utterances with their intent and entities, as a batch or as a whole app."""

from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.core.say import say
from haoqi.data.raw import Part
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts
from haoqi.data.reading.records import part_of

_INTENTS = ("intent", "intentName")
_ENTITIES = ("entities", "entityLabels")


@layouts.register
class Luis:
    """The intent is the label; `--label entities` learns the entities instead."""

    def recognises(self, document: Any) -> float:
        if isinstance(document, dict):
            return 1.0 if _utterances(document) else 0.0
        if not are_records(document, "text") or not all(any(key in row for key in _INTENTS) for row in document):
            return 0.0
        marks = [one for row in document for one in _entities(row) if isinstance(one, dict)]
        return 0.9 if marks and all("startPos" in one or "startCharIndex" in one for one in marks) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        rows = _utterances(document) if isinstance(document, dict) else document
        columns: dict[str, list[Any]] = {
            "text": [row.get("text") for row in rows],
            "intent": [next((row[key] for key in _INTENTS if row.get(key)), None) for row in rows],
        }
        notes = []
        if any(_entities(row) for row in rows):
            columns["entities"] = [_entities(row) for row in rows]
            notes.append(say("layout.entities_left"))
        roles = {"text": "text", "label": "intent"} if asked.labelled else {"text": "text"}
        return Content(columns, roles, dict.fromkeys(roles, say("layout.by_luis")), _parts(rows), notes=notes)


def _entities(row: Mapping[str, Any]) -> list[Any]:
    return next((list(row[key]) for key in _ENTITIES if isinstance(row.get(key), list)), [])


def _utterances(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the utterances of a whole app, or none."""
    whole = document.get("assets") if isinstance(document.get("assets"), dict) else document
    assert isinstance(whole, dict)
    known = "luis_schema_version" in document or "projectFileVersion" in document or "intents" in whole
    rows = whole.get("utterances")
    fine = known and isinstance(rows, list) and are_records(rows, "text")
    return list(rows) if fine and isinstance(rows, list) and any(k in row for row in rows for k in _INTENTS) else []


def _parts(rows: Sequence[Mapping[str, Any]]) -> list[Part] | None:
    """Return the splits where CLU names them; there is no validation split in it."""
    found = [part_of(str(row.get("dataset", ""))) for row in rows]
    return [part or "train" for part in found] if any(part == "test" for part in found) else None
