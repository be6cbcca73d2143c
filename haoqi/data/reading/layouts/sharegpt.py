"""Dialogues as ShareGPT has them: turns from human and gpt."""

from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, are_records, layouts
from haoqi.data.reading.layouts._writing import of_dialogues, several_turns, turns_of, with_classes


@layouts.register
class ShareGpt:
    """Classes where answers are few and repeat: then the text is the last question, the label its answer."""

    def recognises(self, document: Any) -> float:
        fine = are_records(document, "conversations")
        return 0.9 if fine and all(turns_of(row["conversations"], "from", "value") for row in document) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        dialogues = [turns_of(row["conversations"], "from", "value") for row in document]
        columns = of_dialogues(dialogues, ("human", "user"))
        content = with_classes(columns, ("question", "answer"), say("layout.dialogues"), asked)
        more = several_turns(dialogues)
        notes = [say("layout.turns", more=more)] if more else []
        return Content(content.columns, content.roles, content.why, warnings=notes)
