"""Which of several columns holds the words of sentences, which their tags, and which tells sentences apart."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.tokens.tags import Tagging, are_parts_of_speech, reason_against, tagging_of

WORDS = ("word", "words", "token", "tokens", "form", "text", "词", "词语", "字", "单词")
_HEADERS = """word words token tokens form text utterance tag tags label labels ner ner_tag ner_tags bio slots entity
    pos lemma chunk sentence sentence_id sentence_idx sent_id"""
# What the columns of words and tags are usually called.
HEADERS = frozenset((*_HEADERS.split(), "sentence #"))
NAMED_TAGS = re.compile(r"(?i)(?=.*(tag|ner|label|entit|bio|iob|slot|标签|标注))(?!.*(pos|chunk|speech|词性))")
_SENTENCE = re.compile(r"(?i)sent|utter|line|句|doc|text_?id|example|\bid\b|_id\b|idx|index|#|number")
_WHOLE = re.compile(r"-?\d+(\.0+)?")
# Enough words to tell a column of tags; they are drawn from the whole source, for entities may begin late.
LOOK_AT = 5_000


@dataclass(frozen=True)
class Chosen:
    """The columns of words and tags, by their places."""

    words: int
    tags: int
    tagging: Tagging
    others: tuple[int, ...] = ()
    """Columns whose tags could be learnt as well, the likeliest first."""
    why: Mapping[str, str] = field(default_factory=dict)


def drawn(cells: Sequence[Any], most: int = LOOK_AT) -> Sequence[Any]:
    """Return cells from all over a column, at most so many."""
    return cells if len(cells) <= most else cells[:: -(-len(cells) // most)]


def is_words(cells: Sequence[Any]) -> bool:
    """Return whether nearly all cells are single words rather than texts."""
    some = [cell for cell in drawn(cells) if isinstance(cell, str)]
    single = sum(len(cell.split()) < 2 and len(cell) <= 60 for cell in some)
    return bool(some) and single >= 0.98 * len(some)


def taggings(columns: Sequence[Sequence[Any]]) -> dict[int, Tagging]:
    """Return how the tags of each column are spelt that may hold tags of entities."""
    found = {}
    for place, cells in enumerate(columns):
        some = [cell for cell in drawn(cells) if isinstance(cell, str)]
        if not some or len(set(some)) > max(40, 0.1 * len(some)):
            continue
        tagging = tagging_of(Counter(cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()))
        if tagging and (tagging.sure or tagging.likely or tagging.order == "letters"):
            found[place] = tagging
    return found


def choose_columns(
    names: Sequence[str], columns: Sequence[Sequence[Any]], said: Mapping[str, str | None], source: str
) -> Chosen:
    """Return which column holds words and which tags: as said, or the ones that look like it.

    Args:
        names: what a person calls the columns.
        columns: the cells of all rows, column by column.
        said: the columns that a person named, by role ("text", "label").
        source: what a person calls the source, for errors.

    Raises:
        UserError: if a named column is missing, or no column holds tags that mark entities.
    """
    for column in (said.get("text"), said.get("label")):
        if column and column not in names:
            raise UserError(
                say("tags.no_column", source=source, column=column, names=", ".join(names)), say("tags.no_column.hint")
            )
    found = taggings(columns)
    word = names.index(said["text"] or "") if said.get("text") else _words(names, columns, found)
    ranked = ranked_tags(names, {place: tagging for place, tagging in found.items() if place != word})
    if said.get("label"):
        tag = names.index(said["label"] or "")
        tagging = found.get(tag) or tagging_of(counted(columns[tag]))
        ranked = []
    else:
        tag, tagging = (ranked[0], found[ranked[0]]) if ranked else (-1, None)
    if tagging is None:
        raise no_entities(source, names, columns, tag if said.get("label") else word)
    others = tuple(place for place in ranked[1:] if found[place].sure)
    return Chosen(word, tag, tagging, others, _why(said, tagging, found))


def counted(cells: Sequence[Any]) -> Counter[str]:
    """Return how often each tag occurs."""
    return Counter(str(cell).strip() for cell in cells if cell is not None and str(cell).strip())


def no_entities(source: str, names: Sequence[str], columns: Sequence[Sequence[Any]], word: int) -> UserError:
    """Return the error for tags that mark no entities, naming what they are."""
    places = [place for place in range(len(names)) if place != word] or [0]
    few = min(places, key=lambda place: (not are_parts_of_speech(counted(columns[place])), -place))
    return UserError(
        say(
            "tags.no_entities_in", source=source, names=names[few], reason_against=reason_against(counted(columns[few]))
        ),
        say("tags.no_entities.hint"),
    )


def sentence_starts(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> tuple[int, list[int]] | None:
    """Return the column that tells sentences apart, and the rows at which they begin; None where none does.

    It holds a name or number of the sentence on each of its rows or on the first one only, or counts its words.
    """
    best: tuple[int, list[int]] | None = None
    for place, (name, cells) in enumerate(zip(names, columns, strict=True)):
        starts = _starts(cells, named=bool(_SENTENCE.search(name)))
        # Of documents, paragraphs and sentences the sentences are the shortest.
        if starts and (best is None or len(starts) > len(best[1])):
            best = place, starts
    return best


def _starts(cells: Sequence[Any], *, named: bool) -> list[int] | None:
    values = ["" if cell is None or cell != cell else str(cell).strip() for cell in cells]
    filled = [row for row, value in enumerate(values) if value]
    if len(filled) < 2 or filled[0] != 0:
        return None
    if len(filled) <= 0.5 * len(values):
        marks = [values[row] for row in filled]
        return filled if named or len(set(marks)) > 0.9 * len(marks) else None
    if len(filled) < len(values):
        return None
    changes = [0, *(row for row in range(1, len(values)) if values[row] != values[row - 1])]
    if len(changes) > 0.95 * len(values):
        return _restarts(values)
    long_enough = 2 <= len(changes) <= 0.5 * len(values) + 1
    once = len({values[row] for row in changes}) == len(changes)
    return changes if long_enough and (once or (named and _alike(values))) else None


def _restarts(values: Sequence[str]) -> list[int] | None:
    """Return where numbers that count the words of each sentence begin anew."""
    if not all(map(_WHOLE.fullmatch, drawn(values))) or not all(map(_WHOLE.fullmatch, values)):
        return None
    numbers = [int(float(value)) for value in values]
    starts = [row for row, number in enumerate(numbers) if row == 0 or number != numbers[row - 1] + 1]
    return starts if len(starts) > 1 and all(numbers[row] == numbers[0] in (0, 1) for row in starts) else None


def _alike(values: Sequence[str]) -> bool:
    """Return whether values are numbers or names of one form, as identifiers are."""
    some = drawn(values)
    return all(any(letter.isdigit() for letter in value) for value in some)


def _words(names: Sequence[str], columns: Sequence[Sequence[Any]], found: Mapping[int, Tagging]) -> int:
    """Return the column of words: by its name, else the first that holds neither tags nor numbers nor repeats."""
    low = [name.strip().lower() for name in names]
    free = [place for place in range(len(names)) if place not in found and is_words(columns[place])]
    usual = [low.index(name) for name in WORDS if name in low and low.index(name) in free]
    if usual:
        return usual[0]
    varied = [place for place in free if _varied(columns[place])]
    return (varied or free or [place for place in range(len(names)) if place not in found] or [0])[0]


def _varied(cells: Sequence[Any]) -> bool:
    some = [str(cell) for cell in cells[:LOOK_AT]]
    changes = sum(one != other for one, other in pairwise(some))
    numbers = sum(_WHOLE.fullmatch(cell) is not None for cell in some)
    return changes > 0.7 * (len(some) - 1) and numbers < 0.5 * len(some)


def ranked_tags(names: Sequence[str], found: Mapping[int, Tagging]) -> list[int]:
    """Return columns of tags, the likeliest first: of entities rather than phrases, on more words, of more kinds."""
    most = max((one.tagged for one in found.values() if one.sure and not one.phrases), default=0)

    def rank(place: int) -> tuple[Any, ...]:
        one = found[place]
        rare = one.tagged < 0.5 * most
        named = bool(NAMED_TAGS.match(names[place]))
        return (not one.sure, one.phrases, rare, -named, -len(one.kinds), -one.tagged, -place)

    return sorted(found, key=rank)


def _why(said: Mapping[str, str | None], tagging: Tagging, found: Mapping[int, Tagging]) -> dict[str, str]:
    kinds = ", ".join(tagging.kinds[:4]) + (", ..." if len(tagging.kinds) > 4 else "")
    label = say("column.tags", kinds=kinds) if kinds else say("column.tags_none")
    label = say("column.most_kinds", label=label) if len(found) > 1 else label
    text = say("data.as_said") if said.get("text") else say("column.single_words")
    return {"text": text, "label": say("data.as_said") if said.get("label") else label}
