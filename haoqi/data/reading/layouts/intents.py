"""Intents of a chatbot: a tag with a list of patterns for it, and responses."""

from collections.abc import Mapping
from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, layouts

_TAGS = ("tag", "intent", "name", "label", "class", "category", "topic")
_PATTERNS = """patterns pattern examples utterances questions texts sentences queries phrases samples user_says
    training_phrases expressions text"""

# Under these names lists may be the words of one text.
_MAY_BE_WORDS = ("text", "texts", "sentences", "phrases")


@layouts.register
class Intents:
    """Each pattern is an example whose label is the tag; responses are left out."""

    def recognises(self, document: Any) -> float:
        return 0.95 if _fields(document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        fields = _fields(document)
        assert fields is not None
        tag, patterns = fields
        records = _records(document)
        texts = [(text, record[tag]) for record in records for text in _listed(record.get(patterns))]
        columns = {patterns: [text for text, _ in texts], tag: [name for _, name in texts]}
        other = dict.fromkeys(key for record in records for key in record if key not in fields)
        notes = [say("layout.intents_other", patterns=patterns, names=", ".join(other))] if other else []
        empty = sum(not _listed(record.get(patterns)) for record in records)
        notes += [say("layout.intents_empty", empty=empty, patterns=patterns)] if empty else []
        roles = {"text": patterns, "label": tag} if asked.labelled else {"text": patterns}
        why = {"text": say("layout.intents_text", tag=tag), "label": say("layout.intents_label", patterns=patterns)}
        return Content(columns, roles, why, notes=notes)


def _records(document: Any) -> list[Mapping[str, Any]]:
    found = document.get("intents") if isinstance(document, dict) else document
    fine = isinstance(found, list) and found and all(isinstance(one, dict) for one in found)
    return list(found) if fine and isinstance(found, list) else []


def _fields(document: Any) -> tuple[str, str] | None:
    """Return the fields of the tag and of the patterns: a list of sentences under a name that has no list itself."""
    records = _records(document)
    if not records:
        return None
    keys = dict.fromkeys(key for record in records for key in record)
    tags = [key for key in _TAGS if key in keys and all(isinstance(record.get(key), str) for record in records)]
    lists = [key for key in _PATTERNS.split() if key in keys and all(_is_list(record.get(key)) for record in records)]
    sentences = [key for key in lists if key not in _MAY_BE_WORDS or _have_blanks(records, key)]
    distinct = bool(tags) and len({record[tags[0]] for record in records}) > 0.5 * len(records)
    return (tags[0], sentences[0]) if tags and sentences and distinct else None


def _have_blanks(records: list[Mapping[str, Any]], key: str) -> bool:
    return any(" " in text.strip() for record in records for text in _listed(record.get(key)))


def _is_list(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(text, str) for text in value))


def _listed(value: Any) -> list[str]:
    return [text for text in value if text.strip()] if isinstance(value, list) else []
