"""Column files of words and tags, as CoNLL-2003 made them usual: a word a line, a blank line between sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Examples, Span
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.sources import sources
from haoqi.data.reading.tables.table import check_lengths
from haoqi.data.reading.tokens.column_lines import Layout, Sentence, end_at_full_stops, foreign, look, sentences
from haoqi.data.reading.tokens.tagged_columns import HEADERS, Chosen, choose_columns, sentence_starts
from haoqi.data.reading.tokens.tags import Tagging, scheme_of, spans_of
from haoqi.data.schema import Schema
from haoqi.data.settings import DataSettings

_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# Lines that tell how all of them are cut; where they do not, all are looked at.
_LOOK_AT = 20_000
_PREFIX = re.compile(r"[\w-]{1,12}[:/|]")


@sources.register
class Columns:
    """A word with its tag on each line (BIO, IOB1, BIOES or bare), in columns; or word/TAG, a sentence on each line."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file() or not (start := head(path, settings.encoding)):
            return 0.0
        lines = start.replace("\r\n", "\n").split("\n")
        lines = lines[:-1] if len(lines) > 3 else lines  # the last one may be cut
        return 0.97 if foreign(lines) or look(lines, settings.delimiter) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        mark = digest([text])
        text = text.replace("\r\n", "\n") if "\n" in text else text.replace("\r", "\n")
        lines = text.split("\n")
        if known := foreign(lines):
            raise UserError(say("tags.foreign", name=path.name, known=known[0]), known[1])
        said = settings.delimiter
        layout = look(lines[:_LOOK_AT], said) or look(lines, said) or _usual(lines, settings)
        found = _read(path.name, list(sentences(text, layout)), settings, labelled)
        check_lengths(found.examples.texts, path.name, settings)
        schema = Schema(
            path.name,
            "columns",
            encoding,
            layout.delimiter,
            found.columns,
            found.why,
            len(found.examples),
            found.skipped,
            found.notes,
            found.warnings,
            header=None if layout.running else found.header,
            runners_up=found.runners_up,
        )
        return Raw(found.examples, None, schema, "spans", mark)


@dataclass(frozen=True)
class _Found:
    """What the sentences of a file give."""

    examples: Examples
    columns: Mapping[str, str]
    why: Mapping[str, str]
    skipped: Mapping[str, int]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    header: int
    runners_up: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Tokens:
    """Sentences as lists of words, with how their tags are spelt."""

    words: Sequence[Sequence[str]]
    tags: Sequence[Sequence[str] | None]
    """A tag for each word; None where a sentence has none."""
    tagging: Tagging | None


def tagged_examples(tokens: Tokens) -> tuple[Examples, tuple[str, ...]]:
    """Return sentences as texts with spans and the places of their words, and notes on how they were read.

    A word that is a blank takes part in spans but is none of the words of a text, for no model sees it.
    """
    notes: list[str] = []
    words = _without_prefix(tokens.words, notes)
    some = [word for sentence in words[:2_000] for word in sentence if word.strip()]
    tight = sum(len(word) == 1 and bool(_WIDE.match(word)) for word in some) > 0.4 * len(some)
    placed = [_place(sentence, tight) for sentence in words]
    tagging = tokens.tagging
    spelt = [None if tags is None or tagging is None else tagging.read(tags) for tags in tokens.tags]
    labels = [
        None
        if tags is None
        else tuple(_trimmed(text, span) for span in spans_of(tags, places) if span.end > span.start)
        for tags, (text, places) in zip(spelt, placed, strict=True)
    ]
    if blank := sum(not word.strip() for sentence in words for word in sentence):
        notes.append(say("tags.blank_words", blank=blank))
    if tagging is not None:
        notes[:0] = tagging.notes(scheme_of(tags for tags in spelt if tags is not None))
    kept = [tuple(place for place in places if text[place[0] : place[1]].strip()) for text, places in placed]
    return Examples([text for text, _ in placed], labels, list(range(len(placed))), words=kept), tuple(notes)


def place_words(words: Sequence[str], tight: bool) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the text that words make, and where each stands in it.

    Args:
        words: the words of one sentence.
        tight: whether the source is written character by character, so that no space separates words
            save two in Latin letters.

    >>> place_words(["EU", "rejects"], tight=False)
    ('EU rejects', ((0, 2), (3, 10)))
    """
    text = " ".join(words)
    if text.isascii() and not tight:
        ends = list(accumulate(len(word) + 1 for word in words))
        return text, tuple((end - len(word) - 1, end - 1) for word, end in zip(words, ends, strict=True))
    text, places = "", []
    for word in words:
        if text and not _touches(text[-1], word[:1], tight, len(word)):
            text += " "
        places.append((len(text), len(text) + len(word)))
        text += word
    return text, tuple(places)


def _touches(left: str, right: str, tight: bool, length: int) -> bool:
    if _WIDE.match(left) or _WIDE.match(right):
        return tight or bool(_WIDE.match(left) and _WIDE.match(right))
    return tight and length == 1


def _place(words: Sequence[str], tight: bool) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return what `place_words` does, of words that may be blanks: between spaces they have no place of their own."""
    if tight or all(word.strip() for word in words):
        return place_words(words, tight)
    text, places = place_words([word for word in words if word.strip()], tight)
    left, before, found = iter(places), 0, []
    for word in words:
        place = next(left) if word.strip() else (before, before)
        before = place[1]
        found.append(place)
    return text, tuple(found)


def _trimmed(text: str, span: Span) -> Span:
    """Return a span without the blanks at its edges, unless it is nothing else."""
    surface = text[span.start : span.end]
    if not surface.strip():
        return span
    start = span.start + len(surface) - len(surface.lstrip())
    return Span(start, start + len(surface.strip()), span.label)


def _without_prefix(words: Sequence[Sequence[str]], notes: list[str]) -> Sequence[Sequence[str]]:
    """Return words without what all of them begin with, such as en:."""
    first = next((word for sentence in words for word in sentence), "")
    match = _PREFIX.match(first)
    if not match or sum(map(len, words)) < 20:
        return words
    prefix = match[0]
    if not all(word.startswith(prefix) for sentence in words for word in sentence):
        return words
    notes.append(say("tags.prefix", prefix=prefix))
    return [[word[len(prefix) :] or " " for word in sentence] for sentence in words]


def _usual(lines: Sequence[str], settings: DataSettings) -> Layout:
    """Return how lines are cut that nothing is recognised in, for the format was said."""
    said = settings.delimiter
    delimiter = said if said and said.strip() else "\t" if any("\t" in line for line in lines[:1_000]) else " "
    first = next(line for line in lines if line.strip())
    return Layout(delimiter, len(first.rstrip("\r\t ").split(None if delimiter == " " else delimiter)))


def _read(name: str, whole: list[Sentence], settings: DataSettings, labelled: bool) -> _Found:
    """Return what sentences of rows give, the ones with odd lines left out."""
    header = _take_header(whole)
    whole = [one for one in whole if one.rows or one.odd]
    if not any(one.rows for one in whole):
        raise UserError(say("tags.no_sentences", name=name), say("tags.no_sentences.hint"))
    names = header or [str(place + 1) for place in range(len(next(one.rows for one in whole if one.rows)[0]))]
    columns = [list(cells) for cells in zip(*(row for one in whole for row in one.rows), strict=True)]
    chosen = _choose(name, dict(zip(names, columns, strict=True)), settings, labelled)
    used = {chosen.words, chosen.tags} if chosen else {0}
    marks = {names[place]: cells for place, cells in enumerate(columns) if place not in used}
    whole, notes, warnings = _with_ends(name, whole, marks, chosen.words if chosen else 0)
    good, skipped, odd = _without_odd(name, whole, chosen, settings)
    place = chosen.words if chosen else 0
    tags = [[row[chosen.tags] for row in one.rows] if chosen else None for one in good]
    tokens = Tokens([[row[place] for row in one.rows] for one in good], tags, chosen.tagging if chosen else None)
    examples, told = tagged_examples(tokens)
    if good[-1].document > 1:
        examples = replace(examples, groups=[str(one.document) for one in good])
    others = [names[other] for other in chosen.others] if chosen else []
    told += (say("tags.other_columns", names=", ".join(others)),) if others else ()
    given = {"text": names[place]} | ({"label": names[chosen.tags]} if chosen else {})
    return _Found(
        examples,
        given,
        chosen.why if chosen else {},
        skipped,
        (*told, *notes, *odd),
        warnings,
        int(bool(header)),
        {"label": others} if others else {},
    )


def _take_header(whole: list[Sentence]) -> list[str]:
    """Return the names of columns where the first line holds them, and take it out of the first sentence."""
    first = next((one for one in whole if one.rows), None)
    if first is None:
        return []
    names = [cell.strip() for cell in first.rows[0]]
    usual = sum(name.lower() in HEADERS for name in names)
    again = any(name in row for one in whole[:200] for row in one.rows if row is not first.rows[0] for name in names)
    if 2 * usual < len(names) or len(set(names)) < len(names) or not any(names) or again:
        return []
    first.rows.pop(0)
    return names


def _choose(name: str, known: Mapping[str, list[str]], settings: DataSettings, labelled: bool) -> Chosen | None:
    """Return the columns of words and tags; None where there need be no tags and are none."""
    names, columns = list(known), list(known.values())
    numbers = [str(place + 1) for place in range(len(names))]
    said = {role: getattr(settings, role) for role in ("text", "label")}
    said = {
        role: names[numbers.index(column)] if column in numbers and column not in names else column
        for role, column in said.items()
    }
    if labelled:
        return choose_columns(names, columns, said, name)
    said["label"] = said["label"] if said["label"] in names else None
    try:
        return choose_columns(names, columns, said, name)
    except UserError:
        if said["text"] and said["text"] not in names:
            raise
        return None


def _with_ends(
    name: str, whole: list[Sentence], marks: Mapping[str, list[str]], word: int
) -> tuple[list[Sentence], tuple[str, ...], tuple[str, ...]]:
    """Return sentences, cut where a column or a full stop says so if no blank line does; with notes and warnings."""
    if len(whole) > 1 or len(whole[0].rows) < 2:
        return whole, (), ()
    rows, line = whole[0].rows, whole[0].line
    if found := sentence_starts(list(marks), list(marks.values())):
        place, starts = found
        pieces = [Sentence(rows[at:to], line + at) for at, to in zip(starts, [*starts[1:], len(rows)], strict=True)]
        pieces[0].odd = whole[0].odd
        return pieces, (say("tags.sentence_column", list=list(marks)[place]),), ()
    cut = end_at_full_stops(whole, word)
    if len(cut) < 2 and len(rows) > 200:
        raise UserError(
            say("tags.no_ends", name=name, count=len(rows)),
            say("tags.no_ends.hint"),
        )
    if len(cut) < 2:
        return whole, (), ()
    warning = say("tags.full_stops_only", name=name)
    return cut, (say("tags.full_stops"),), (warning,)


def _without_odd(
    name: str, whole: list[Sentence], chosen: Chosen | None, settings: DataSettings
) -> tuple[list[Sentence], dict[str, int], tuple[str, ...]]:
    """Return the sentences all of whose lines have the same columns and a tag, the number of others, and a note.

    Raises:
        UserError: if more are left out than settings allow.
    """
    bare = [] if chosen is None else [one for one in whole if any(not row[chosen.tags] for row in one.rows)]
    odd = [one for one in whole if one.odd]
    lines = sorted({number for one in odd for number, _ in one.odd} | {one.line for one in bare})
    bad = {id(one) for one in (*odd, *bare)}
    good = [one for one in whole if id(one) not in bad]
    if not bad:
        return good, {}, ()
    listed = ", ".join(map(str, lines[:5])) + (", ..." if len(lines) > 5 else "")
    shown = odd[0].odd[0][1] if odd else " ".join(bare[0].rows[0])
    if not good or len(bad) > max(1, settings.bad_share() * len(whole)):
        width = len(next(one.rows for one in whole if one.rows)[0])
        raise UserError(
            say(
                "tags.odd_lines",
                count=len(bad),
                count2=len(whole),
                name=name,
                width=width,
                listed=listed,
                shown=shown[:60],
            ),
            say("tags.odd_lines.hint", share=_share(len(bad), len(whole))),
        )
    note = say("tags.odd_left", listed=listed, shown=shown[:40])
    return good, {say("left.odd_lines"): len(bad)}, (note,)


def _share(part: int, whole: int) -> str:
    return f"{min(1.0, -(-100 * part // whole) / 100):g}"
