"""Prompts with the completion, response or preferred answer to be written."""

from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.fields import columns_of
from haoqi.data.reading.layouts import Asked, Content, layouts, refuse
from haoqi.data.reading.layouts._writing import are_written, with_classes

_ANSWERS = ("completion", "response", "chosen")


@layouts.register
class PromptCompletion:
    """Classes where completions are few and repeat: then the text is the prompt; preferences are refused."""

    def recognises(self, document: Any) -> float:
        return 0.9 if any(are_written(document, "prompt", answer) for answer in _ANSWERS) else 0.0

    def read(self, document: Any, asked: Asked) -> Content:
        columns = columns_of(document, asked.name)
        answer = next(key for key in _ANSWERS if are_written(document, key))
        if "rejected" in columns and asked.labelled and not asked.settings.label:
            refuse(
                asked,
                say("layout.preferences"),
                say("layout.preferences_why"),
                say("layout.preferences.hint"),
            )
        return with_classes(columns, ("prompt", answer), say("layout.prompts"), asked)
