"""Rows that hold a list of words and a list of tags, or a text with a tag for each of its characters."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.tokens.tag_names import names_beside, names_in_columns
from haoqi.data.reading.tokens.tagged_columns import NAMED_TAGS, WORDS, drawn, ranked_tags
from haoqi.data.reading.tokens.tags import Tagging, are_parts_of_speech, reason_against, tagging_of
from haoqi.data.settings import DataSettings

if TYPE_CHECKING:
    from haoqi.data.reading.tables.table import Table

Cut = Literal["list", "written list", "words", "letters"]

_LOOK_AT = 400
_MOST_LETTERS = 12
# More different ones are the words of texts: 250 kinds of entity in BIOES are 1,001 tags.
_MOST_TAGS = 1_500
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_NUMBER = re.compile(r"-?\d+(\.0+)?")


@dataclass
class Tagged:
    """Sentences of words with tags as a table holds them."""

    words: list[list[str]]
    tags: list[list[str] | None]
    """A tag for each word; None where a sentence has none."""
    tagging: Tagging
    rows: list[int]
    """Row of the table at which each sentence begins."""
    columns: dict[str, str]
    """Role to column."""
    why: dict[str, str]
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Rows that are left out, with what they hold."""
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Columns whose tags could be learnt as well."""
    texts: list[str] | None = None
    """Texts as they stand, where the words are their characters."""


@dataclass(frozen=True)
class _Pair:
    """A column of words beside one of tags."""

    words: str
    words_cut: Cut
    tags: str
    tags_cut: Cut
    tagging: Tagging | None
    """None where tags are numbers or mark no entities."""
    counts: Mapping[str, int]


def lists_of(table: "Table", settings: DataSettings) -> Tagged | None:
    """Return the sentences of a table whose rows hold words and tags in lists; None where they do not.

    Raises:
        UserError: if tags are numbers without names, or mark parts of speech rather than entities.
    """
    rows = drawn(range(len(table)), _LOOK_AT)
    some = {name: [cells[row] for row in rows] for name, cells in table.columns.items()}
    pairs = list(_pairs(some, settings))
    good = {pair.tags: pair for pair in pairs if pair.tagging is not None}
    names = list(good)
    if names:
        ranked = ranked_tags(names, {at: tagging for at, name in enumerate(names) if (tagging := good[name].tagging)})
        found = _read(table, good[names[ranked[0]]])
        found.others = [names[at] for at in ranked[1:]]
        return found
    numbers = [pair for pair in pairs if all(map(_NUMBER.fullmatch, pair.counts))]
    if numbers:
        return _named(table, min(numbers, key=lambda pair: ("ner" not in pair.tags.lower(), pair.tags)), settings)
    if pairs and not _has_label(some, pairs):
        raise UserError(
            say(
                "tags.no_entities", name=table.name, tags=pairs[0].tags, reason_against=reason_against(pairs[0].counts)
            ),
            say("tags.no_entities.hint_short"),
        )
    return None


def _pairs(some: Mapping[str, list[Any]], settings: DataSettings) -> Iterator[_Pair]:
    """Yield each column of tags with the column whose words they are for."""
    cuts = {name: _cuts(cells) for name, cells in some.items()}
    for name, ways in cuts.items():
        if settings.label not in (None, name) or settings.pair:
            continue
        for cut in ways:
            if cut == "letters" and len({*next(filter(None, some[name]), "")}) > _MOST_LETTERS:
                continue
            pieces = [_pieces(cell, cut) for cell in some[name]]
            counts = Counter(piece for row in pieces if row for piece in row)
            if not counts or len(counts) > min(_MOST_TAGS, max(60, 0.3 * sum(counts.values()))):
                continue
            tagging = tagging_of(counts)
            fits = tagging is not None and (tagging.sure or tagging.likely or tagging.order == "letters")
            speech, numbers = are_parts_of_speech(counts), all(map(_NUMBER.fullmatch, counts))
            named = bool(NAMED_TAGS.match(name))
            if not fits and not (cut != "letters" and (speech or (numbers and named))):
                continue
            share = 0.5 if tagging is not None and tagging.sure else 0.95
            words = _words_for(pieces, {other: some[other] for other in some if other != name}, share, settings)
            if words and (cut != "letters" or words[1] == "letters"):
                yield _Pair(*words, name, cut, tagging if fits else None, counts)
                break


def _words_for(
    tags: Sequence[list[str] | None], some: Mapping[str, list[Any]], share: float, settings: DataSettings
) -> tuple[str, Cut] | None:
    """Return the column that has as many words, or characters, as there are tags in each row."""
    filled = [row for row, pieces in enumerate(tags) if pieces]
    lengths = [len(tags[row] or ()) for row in filled]
    if not lengths or sum(lengths) < 2 * len(lengths):
        return None
    found: list[tuple[tuple[Any, ...], str, Cut]] = []
    for name, cells in some.items():
        if settings.text not in (None, name):
            continue
        for cut in _cuts(cells):
            words = [_pieces(cells[row], cut) for row in filled]
            same = sum(len(one or ()) == length for one, length in zip(words, lengths, strict=True)) / len(filled)
            flat = [word for one in words[:100] for word in one or ()]
            # Names of labels that each row repeats are no words of its own.
            alike = all(one == words[0] for one in words) and any(tags[row] != tags[filled[0]] for row in filled)
            if same < share or alike or not flat or all(map(_NUMBER.fullmatch, flat)):
                continue
            usual = WORDS.index(name.lower()) if name.lower() in WORDS else len(WORDS)
            found.append(((cut == "letters", -round(same, 2), usual, -len(set(flat))), name, cut))
    best = min(found, default=None)
    return best[1:] if best else None


def _cuts(cells: Sequence[Any]) -> tuple[Cut, ...]:
    """Return the ways in which the cells of a column may hold several words or tags."""
    filled = [cell for cell in cells if not (cell is None or _is_nan(cell) or (isinstance(cell, str) and not cell))]
    if not filled:
        return ()
    if all(isinstance(cell, list | tuple) or hasattr(cell, "tolist") for cell in filled):
        flat = [piece for cell in filled[:50] for piece in _listed(cell)]
        return ("list",) if flat and all(isinstance(piece, str | int | float) for piece in flat) else ()
    if not all(isinstance(cell, str) for cell in filled):
        return ()
    if all(cell.strip().startswith("[") and cell.strip().endswith("]") for cell in filled):
        return ("written list",)
    return "words", "letters"


def _pieces(cell: Any, cut: Cut) -> list[str] | None:
    """Return the words or tags of a cell; None where it is missing."""
    if cell is None or _is_nan(cell):
        return None
    if cut == "list":
        return [_spelt(piece) for piece in _listed(cell)]
    if cut == "letters":
        return list(cell)
    return cell.split() if cut == "words" else _written(cell)


def _written(cell: str) -> list[str]:
    """Return the pieces of a list written out as JSON, Python or numpy write it."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        # Python joins strings without commas between them, as numpy writes them.
        if isinstance(found, list) and (len(found) > 1 or len(_QUOTED.findall(cell)) < 2):
            return [_spelt(piece) for piece in found]
    quoted = [one or other for one, other in _QUOTED.findall(cell)]
    return quoted or cell.strip()[1:-1].replace(",", " ").split()


def _listed(cell: Any) -> list[Any]:
    found = cell.tolist() if hasattr(cell, "tolist") else cell
    return list(found) if isinstance(found, list | tuple) else [found]


def _spelt(piece: Any) -> str:
    if isinstance(piece, float) and piece.is_integer():
        return str(int(piece))
    return piece if isinstance(piece, str) else "" if piece is None else str(piece)


def _is_nan(cell: Any) -> bool:
    return isinstance(cell, float) and cell != cell


def _has_label(some: Mapping[str, list[Any]], pairs: Sequence[_Pair]) -> bool:
    """Return whether another column of single values could be the label of whole rows."""
    taken = {name for pair in pairs for name in (pair.words, pair.tags)}
    for name, cells in some.items():
        values = [str(cell) for cell in cells if isinstance(cell, str | int | float) and not _is_nan(cell)]
        if name not in taken and values and 1 < len(set(values)) <= max(2, 0.2 * len(values)):
            return True
    return False


def _read(table: "Table", pair: _Pair) -> Tagged:
    """Return all rows, those apart whose words and tags differ in number."""
    words, tags, rows = [], [], []
    bad: list[tuple[int, str]] = []
    cells = zip(table.columns[pair.words], table.columns[pair.tags], strict=True)
    for row, (left, right) in enumerate(cells):
        one, other = _pieces(left, pair.words_cut) or [], _pieces(right, pair.tags_cut)
        if other is not None and len(one) != len(other):
            bad.append((row, say("tags.uneven", count=len(one), count2=len(other))))
            continue
        words.append(one)
        tags.append([tag.strip() for tag in other] if other is not None else None)
        rows.append(row)
    tagging = tagging_of(Counter(tag for one in tags if one for tag in one if tag))
    if tagging is None:
        raise UserError(
            say("tags.no_entities", name=table.name, tags=pair.tags, reason_against=reason_against(pair.counts)),
            say("tags.no_entities.hint_bare"),
        )
    letters = pair.words_cut == "letters"
    found = Tagged(
        words,
        tags,
        tagging,
        rows,
        {"text": pair.words, "label": pair.tags},
        {"text": say("column.as_many_characters" if letters else "column.as_many_words"), "label": _kinds(tagging)},
        bad,
    )
    if letters:
        found.texts = ["".join(one) for one in words]
        found.notes.append(say("tags.characters"))
    return found


def _kinds(tagging: Tagging) -> str:
    listed = ", ".join(tagging.kinds[:4]) + (", ..." if len(tagging.kinds) > 4 else "")
    return say("column.tag_a_word", listed=listed) if listed else say("column.tag_a_word_none")


def _named(table: "Table", pair: _Pair, settings: DataSettings) -> Tagged:
    """Return all rows with the names that their numbers of tags stand for."""
    cells = [_pieces(cell, pair.tags_cut) for cell in table.columns[pair.tags]]
    numbers = sorted({int(float(tag)) for one in cells if one for tag in one if _NUMBER.fullmatch(tag)})
    found = names_in_columns(table.columns, numbers[-1]) or names_beside(settings, numbers[-1])
    if found is None:
        listed = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
        raise UserError(
            say("tags.numbers", tags=pair.tags, name=table.name, listed=listed),
            say("tags.numbers.hint", value=numbers[-1] + 1),
        )
    where, names = found
    spelt = [one and [_name(tag, names) for tag in one] for one in cells]
    columns = {**table.columns, pair.tags: spelt}
    named = _read(replace(table, columns=columns), replace(pair, tags_cut="list"))
    named.notes.append(say("tags.named", where=where, names=names[0], names2=names[1]))
    return named


def _name(tag: str, names: Sequence[str]) -> str:
    """Return the name of a number; below 0 stand pieces of words that count for nothing."""
    number = int(float(tag)) if _NUMBER.fullmatch(tag) else -1
    return names[number] if number >= 0 else "O"
