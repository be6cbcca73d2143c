"""Dialogues as OpenAI has them: messages with a role (system, user, assistant) and a content."""

from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts
from haoqi.data.reading.layouts._writing import of_dialogues, several_turns, turns_of, with_classes

_FIELDS = ("messages", "conversations", "conversation", "dialogue")


@layouts.register
class OpenAiMessages:
    """Classes where answers are few and repeat: then the text is the last question, the label its answer."""

    def recognises(self, document: Any) -> float:
        return 0.9 if _field(document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        field = _field(document)
        dialogues = [turns_of(row[field], "role", "content") for row in document]
        columns = of_dialogues(dialogues, ("user", "human"))
        content = with_classes(columns, ("question", "answer"), "messages", asked)
        more = several_turns(dialogues)
        notes = [say("layout.turns", more=more)] if more else []
        return Content(content.columns, content.roles, content.why, warnings=notes)


def _field(document: Any) -> str | None:
    """Return the field that holds the messages of every record."""
    for field in _FIELDS:
        if are_records(document, field) and all(turns_of(row[field], "role", "content") for row in document):
            return field
    return None
