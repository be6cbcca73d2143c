"""Multiple choice: questions with options of their own in each row, and which of them is the answer.

So are MMLU, ARC, MedMCQA, COPA and HellaSwag published. The answer is the place of an option, which means nothing
beyond its row: learnt as a class it would be chance. Nor is another column, such as the subject, what was asked for
unless a person names it.
"""

import re
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.tables.column_kinds import is_empty, look_at

_LISTS = re.compile(r"(choices|options|endings|candidates|alternatives)(\.texts?)?")
_STEMS = "choices?|options?|opt?|endings?|sol|solution|answer|candidate|alternative|hyp"
_OPTION = re.compile(rf"({_STEMS})[ _.-]?([0-9a-h])|([a-h])")
_ANSWER = re.compile(
    "(answer|label|gold|target|solution|correct)s?(key|idx|index|label)?|key|cop|correct(answer|choice|option)s?"
)
_TEXTS = ("text", "name")
"""Kinds of columns that may hold options; measurements called a, b, c beside a label are none."""
_VARIED = 0.5
"""Share of rows that differ in their options, from which on options belong to rows and are not classes."""
_POINTING = 0.98
"""Share of the filled answers that point at an option."""


def check_multiple_choice(name: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Raise UserError if a table is multiple choice, which is not learnt yet.

    Args:
        name: what a person calls the source.
        columns: name to cells, a cell for each row.
    """
    if found := _found(columns):
        options, answer = found
        raise UserError(
            say(
                "layout.refused",
                name=name,
                layout=say("layout.multiple_choice", options=", ".join(options), answer=answer),
                why=say("layout.multiple_choice_why"),
            ),
            say("layout.multiple_choice.hint"),
        )


def _found(columns: Mapping[str, Sequence[Any]]) -> tuple[tuple[str, ...], str] | None:
    """Return the columns of the options and that of the answer."""
    answers = [name for name in columns if _ANSWER.fullmatch(re.sub(r"[^a-z]", "", name.rpartition(".")[2].lower()))]
    if not answers:
        return None
    for options in _options(columns):
        rows = _texts(options, columns)
        if len(set(rows)) < max(2, _VARIED * len(rows)):
            continue
        for answer in answers:
            if answer not in options and _points(columns[answer], rows, options):
                return options, answer
    return None


def _options(columns: Mapping[str, Sequence[Any]]) -> list[tuple[str, ...]]:
    """Return the columns that could hold options: one of lists, or several numbered or lettered ones."""
    found: list[tuple[str, ...]] = [
        (name,)
        for name, cells in columns.items()
        if _LISTS.fullmatch(name.strip().lower())
        and all(isinstance(cell, list | tuple) and len(cell) > 1 for cell in cells)
    ]
    numbered: dict[str, list[tuple[str, str]]] = {}
    for name in columns:
        if match := _OPTION.fullmatch(name.strip().lower()):
            numbered.setdefault(match[1] or "", []).append((match[2] or match[3], name))
    for group in numbered.values():
        marks = "".join(mark for mark, _ in group)
        names = tuple(name for _, name in group)
        counts_on = any(marks in row for row in ("0123456789", ascii_lowercase)) and marks[0] in "01a"
        if len(group) > 1 and counts_on and all(look_at(name, columns[name]).kind in _TEXTS for name in names):
            found.append(names)
    return found


def _texts(options: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[tuple[str, ...]]:
    """Return the options of each row."""
    if len(options) == 1:
        return [tuple(map(str, cell)) for cell in columns[options[0]]]
    return [tuple(map(str, row)) for row in zip(*(columns[name] for name in options), strict=True)]


def _points(answers: Sequence[Any], rows: Sequence[tuple[str, ...]], names: Sequence[str]) -> bool:
    """Return whether answers are places, letters, names or texts of the options in their rows, and not all one."""
    filled = [(str(answer).strip(), row) for answer, row in zip(answers, rows, strict=True) if not is_empty(answer)]
    if len({answer for answer, _ in filled}) < 2:
        return False
    fits = 0
    for answer, row in filled:
        place = re.fullmatch(r"(\d+)(\.0)?", answer)
        letter = answer.lower() in ascii_lowercase[: len(row)] and len(answer) == 1
        fits += bool(place and int(place[1]) <= len(row)) or letter or answer in row or answer in names
    return fits >= _POINTING * len(filled)
