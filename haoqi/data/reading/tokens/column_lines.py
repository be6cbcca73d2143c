"""Lines of words and tags cut into sentences: between columns, at blank lines, or word/TAG in running text."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from haoqi.core.say import say
from haoqi.data.reading.foreign_formats import named_format
from haoqi.data.reading.tokens.tagged_columns import is_words, taggings
from haoqi.data.reading.tokens.tags import are_parts_of_speech, tagging_of

_DOCUMENT = "-DOCSTART-"
_DELIMITERS = ("\t", " ", ",", ";", "|")
_SAID = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "space": " "}
_MARKS = ("/", "|", "_", "\\")
_BLANKS = re.compile(r"[ \t\x0b\x0c]+")
_TABLES = frozenset(",;|")
# Lines that show at once that a file is something else.
_FIRST = 300
_COMMENT = re.compile(r"#+\s*[\w.:-]+\s*=")
_HEAD = re.compile(r"\d+|_")
_COUNT = re.compile(r"\d+([-.]\d+)?")
_MOST_COLUMNS = 40
_ENDS, _AFTER = frozenset((*".!?。!?…", "...", "……")), frozenset("\"'”’»」』)）]】")


@dataclass(frozen=True)
class Layout:
    """How lines are cut."""

    delimiter: str
    """Between columns; between a word and its tag where a sentence stands on one line."""
    width: int
    running: bool = False
    """Whether each line is a sentence of word/TAG."""


@dataclass
class Sentence:
    """Rows of cells, a word each, and where they came from."""

    rows: list[list[str]] = field(default_factory=list)
    line: int = 0
    """Number of its first line, from 1."""
    document: int = 0
    """Number of its document; 0 where documents are not marked."""
    odd: list[tuple[int, str]] = field(default_factory=list)
    """Number and content of lines with another number of columns."""


def foreign(lines: Sequence[str]) -> tuple[str, str] | None:
    """Return name and use of a known layout that is not a word and its tag a line; None if it is none of them."""
    if known := named_format("\n".join(lines[:200])):
        return known
    filled = [line for line in lines[:2_000] if line.strip()]
    rows = [line.split("\t") for line in filled if not line.startswith("#")]
    # The seventh column is the place of the head, which a table of ten columns that are counted does not have.
    trees = [row for row in rows if len(row) == 10 and _COUNT.fullmatch(row[0]) and _HEAD.fullmatch(row[6])]
    if len(rows) < 2 or len(trees) < 0.9 * len(rows):
        return None
    rows = trees
    if any(one.sure for one in taggings(list(zip(*rows, strict=True))).values()):
        return None  # one of the ten columns was given tags of entities
    return (
        say("foreign.conllu"),
        say("foreign.conllu.hint"),
    )


def look(lines: Sequence[str], said: str | None = None) -> Layout | None:
    """Return how lines of words and tags are cut; None where they are something else.

    Args:
        lines: of the whole source, or the first of it.
        said: the delimiter, where a person said it.
    """
    known = [line.rstrip("\r\n") for line in lines if not line.startswith("#") and _DOCUMENT not in line]
    for delimiter in (_SAID.get(said, said),) if said else _DELIMITERS:
        filled = [line for line in known if not is_blank(line, delimiter)]
        blanks = len(known) - len(filled) - (not known[-1].strip() if known else 0)
        # What stands between commas is a table, and sentences in it are told by a column, unless blank rows do.
        if len(filled) < 3 or (blanks < 2 and delimiter in _TABLES) or not _may_be(filled[:_FIRST], delimiter):
            continue
        if found := _columns(filled, delimiter, blanks > 0):
            return found
    filled = [line for line in known if line.strip()]
    return _running(filled, said) if len(filled) > 2 else None


def sentences(text: str, layout: Layout) -> Iterator[Sentence]:
    """Yield the sentences of a text."""
    return _of_running(text, layout) if layout.running else _of_columns(text, layout)


def end_at_full_stops(whole: Sequence[Sentence], word: int) -> list[Sentence]:
    """Return sentences cut anew behind each full stop, question mark or exclamation mark, and what closes it."""
    found: list[Sentence] = []
    for one in whole:
        part = Sentence(line=one.line, document=one.document, odd=one.odd)
        for place, row in enumerate(one.rows):
            begins = part.rows and part.rows[-1][word] in _ENDS | _AFTER and row[word] not in _ENDS | _AFTER
            if begins and _ended(part.rows, word):
                found.append(part)
                part = Sentence(line=one.line + place, document=one.document)
            part.rows.append(row)
        found.append(part)
    return [part for part in found if part.rows]


def _ended(rows: Sequence[list[str]], word: int) -> bool:
    for row in reversed(rows):
        if row[word] in _ENDS:
            return True
        if row[word] not in _AFTER:
            return False
    return False


def cut(line: str, delimiter: str, width: int = 0) -> list[str]:
    """Return the cells of a line; a word that is a blank is kept as one.

    >>> cut("EU B-ORG", " ", 2), cut("  O", " ", 2), cut("\\tO", "\\t", 2)
    (['EU', 'B-ORG'], [' ', 'O'], [' ', 'O'])
    """
    if delimiter == " ":
        # Wide spaces are words of Chinese files; among ASCII there are none, and this is several times faster.
        cells = line.split() if line.isascii() else _BLANKS.split(line.strip(" \t\x0b\x0c"))
        return [" ", *cells] if len(cells) == width - 1 and line[:1] in " \t" else cells
    cells = line.split(delimiter)
    if '"' in line and delimiter in _TABLES:
        with suppress(csv.Error):
            cells = next(csv.reader([line], delimiter=delimiter))
    if width and len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]  # a delimiter at the end of the line
    return [cell.strip() or cell[:1] or " " if place == 0 else cell.strip() for place, cell in enumerate(cells)]


def is_blank(line: str, delimiter: str) -> bool:
    """Return whether a line separates sentences: nothing, blanks or delimiters alone."""
    return not line.strip() or (delimiter in _TABLES and not line.strip(f'{delimiter} \t\r"'))


def _may_be(first: Sequence[str], delimiter: str) -> bool:
    """Return whether lines have about the same number of cells, and a column of single words."""
    cells = [cut(line, delimiter) for line in first]
    width, count = Counter(map(len, cells)).most_common(1)[0]
    if width < 2 or count < 0.8 * len(cells):
        return False
    rows = [row for row in cells[1:] if len(row) == width]
    return any(is_words(column) for column in zip(*rows, strict=True))


def _columns(filled: Sequence[str], delimiter: str, blank: bool) -> Layout | None:
    cells = [cut(line, delimiter) for line in filled]
    width = Counter(map(len, cells)).most_common(1)[0][0]
    rows = [row for row in cells if len(row) == width]
    # The word of a line that begins with a blank is that blank.
    short = sum(len(row) == width - 1 and line[0] in " \t" for row, line in zip(cells, filled, strict=True))
    if not 1 < width <= _MOST_COLUMNS or len(rows) + short < 0.9 * len(cells):
        return None
    columns = [list(column) for column in zip(*rows, strict=True)]
    found = taggings([column[1:] for column in columns]) or taggings(columns)
    words = [place for place, column in enumerate(columns) if is_words(column) and place not in found]
    if not words or not (blank or delimiter == " " or _whole_words(columns, words)):
        return None
    sure = any(one.sure for one in found.values())
    weak = blank and (found or any(are_parts_of_speech(Counter(column)) for column in columns[1:]))
    return Layout(delimiter, width) if sure or weak else None


def _whole_words(columns: Sequence[Sequence[str]], words: Sequence[int]) -> bool:
    """Return whether the words are more than a few that come again and again, as classes do."""
    return any(len(set(columns[place])) > min(20, 0.1 * len(columns[place])) for place in words)


def _running(filled: Sequence[str], said: str | None) -> Layout | None:
    pieces = [piece for line in filled[:2_000] for piece in line.split()]
    if len(pieces) < 3 * min(len(filled), 2_000):
        return None
    for mark in (said,) if said else _MARKS:
        cells = [piece.rpartition(mark) for piece in pieces]
        counts = Counter(tag for _, found, tag in cells if found and tag)
        if sum(counts.values()) < 0.98 * len(pieces) or len(counts) > max(30, 0.05 * len(pieces)):
            continue
        tagging = tagging_of(counts)
        if (tagging and (tagging.sure or tagging.likely)) or are_parts_of_speech(counts):
            return Layout(mark, 2, running=True)
    return None


def _of_running(text: str, layout: Layout) -> Iterator[Sentence]:
    for number, line in enumerate(text.split("\n"), 1):
        one = Sentence(line=number)
        for piece in line.split():
            word, _, tag = piece.rpartition(layout.delimiter)
            if word and tag:
                one.rows.append([word, tag])
            else:
                one.odd.append((number, piece))
        if one.rows or one.odd:
            yield one


def _of_columns(text: str, layout: Layout) -> Iterator[Sentence]:
    lines = text.split("\n")
    ends: set[str] = set()
    if any(line.startswith("#") for line in lines):
        ends = {line.split()[-1] for line in lines if line.strip() and not line.startswith("#")}
    one, document = Sentence(), 0
    for number, line in enumerate([*lines, ""], 1):
        line = line.rstrip("\r")
        if is_blank(line, layout.delimiter):
            if one.rows or one.odd:
                yield one
            one = Sentence(document=document)
            continue
        cells = cut(line, layout.delimiter, layout.width)
        comment = line.startswith("#") and (len(cells) != layout.width or cells[-1] not in ends)
        marks = cells[0].startswith(_DOCUMENT) or (comment and (not one.rows or _COMMENT.match(line) is not None))
        if marks:
            document += cells[0].startswith(_DOCUMENT)
            if one.rows or one.odd:
                yield one
                one = Sentence()
            one.document = document
        elif len(cells) != layout.width:
            one.odd.append((number, line))
        else:
            one.line = one.line or number
            one.rows.append(cells)
