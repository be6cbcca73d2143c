"""What files of instructions and dialogues share: they are of classes where their answers are few and repeat."""

from collections.abc import Mapping, Sequence
from typing import Any

from haoqi.core.say import say
from haoqi.data.reading.layouts import Asked, Content, are_records, refuse

# More different answers, or longer ones, are texts to be written.
_SHARE, _LONGEST = 0.2, 80


def are_classes(answers: Sequence[Any]) -> bool:
    """Return whether answers are few, short and repeat."""
    filled = [answer.strip() for answer in answers if isinstance(answer, str) and answer.strip()]
    different = set(filled)
    few = 1 < len(different) <= max(2, _SHARE * len(filled)) and len(filled) > len(different)
    return few and max(map(len, different)) <= _LONGEST


def are_written(document: Any, *fields: str) -> bool:
    """Return whether a document is a list of records that all have these fields, and nothing but words in them."""
    if not are_records(document, *fields):
        return False
    return all(row[field] is None or isinstance(row[field], str | int | float) for row in document for field in fields)


def with_classes(
    columns: Mapping[str, list[Any]], fields: tuple[str, str], layout: str, asked: Asked, *, why: str = ""
) -> Content:
    """Return columns of prompts and answers as texts and labels.

    Args:
        columns: of the document, by their own names.
        fields: the column that is the text, and the column that is the label.
        layout: what the layout is called.
        asked: what it is read for.
        why: the text is this column.

    Raises:
        UserError: if answers are written texts and nobody said that they are labels.
    """
    text, label = fields
    settings = asked.settings
    if asked.labelled and not settings.label and not are_classes(columns[label]):
        flags = f"--text {settings.text or _quoted(text)} --label {_quoted(label)}"
        refuse(
            asked,
            layout,
            say("layout.written", label=label),
            say("layout.written.hint", label=label, flags=flags),
        )
    different = len(set(map(str, columns[label])))
    reasons = {
        "text": why or say("layout.ask", layout=layout),
        "label": say("layout.answer", layout=layout, different=different),
    }
    roles = {"text": text, "label": label} if asked.labelled else {"text": text}
    return Content(dict(columns), roles, reasons)


def turns_of(dialogue: Any, speaker: str, words: str) -> list[tuple[str, str]]:
    """Return the turns of a dialogue as (speaker in lower case, words); none where it is no dialogue."""
    if not isinstance(dialogue, list) or not dialogue:
        return []
    if not all(isinstance(turn, dict) and isinstance(turn.get(words), str) and speaker in turn for turn in dialogue):
        return []
    return [(str(turn[speaker]).lower(), turn[words]) for turn in dialogue]


def of_dialogues(dialogues: Sequence[list[tuple[str, str]]], askers: Sequence[str]) -> dict[str, list[Any]]:
    """Return the columns of dialogues: the last question, its answer, and what a system was told."""
    found: dict[str, list[Any]] = {"question": [], "answer": [], "system": []}
    for turns in dialogues:
        asked = [words for who, words in turns if who in askers]
        others = [words for who, words in turns if who not in askers and who not in ("system", "tool", "function")]
        found["question"].append(asked[-1] if asked else "")
        found["answer"].append(others[-1] if others else None)
        found["system"].append(next((words for who, words in turns if who == "system"), ""))
    return found


def several_turns(dialogues: Sequence[list[tuple[str, str]]]) -> int:
    """Return how many dialogues have more than one question and answer."""
    return sum(sum(who != "system" for who, _ in turns) > 2 for turns in dialogues)


def _quoted(column: str) -> str:
    return f"'{column}'" if " " in column else column
