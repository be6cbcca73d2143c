"""Labelled stretches of texts from the cells of a column: counted aright, trimmed, and what is wrong with them told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import joined, say
from haoqi.data.examples import Span
from haoqi.data.raw import Part
from haoqi.data.reading.spans.mark_shapes import Cell, holds_marks, is_empty, read_cell
from haoqi.data.reading.spans.offsets import MOST, Counting, Mark, counting_of, same
from haoqi.data.settings import DataSettings

__all__ = ["MarkedSpans", "Words", "holds_marks", "spans_of_cells", "spans_of_tag_strings"]

Words = Sequence[Sequence[tuple[int, int]]]
_TAG_LETTERS = frozenset("BIOESMLU")
# A source of whose spans fewer begin and end where words do is doubted, once it has so many.
_MOSTLY, _FEW = 0.5, 10
# Where words are given beside the text, and places may be theirs, characters must explain more.
_SURELY = 0.9
# What stretches are called where a source names no kind.
NAMELESS = "entity"


@dataclass(frozen=True)
class MarkedSpans:
    """The spans of a column, and what a person should know of them."""

    labels: list[tuple[Span, ...] | None]
    """None: the row is unlabelled, or bad."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    bad: Mapping[int, str] = field(default_factory=dict)
    """Row, from 0, to what is wrong with it; these rows are to be left out."""


def spans_of_cells(
    texts: Sequence[str],
    cells: Sequence[Any],
    name: str,
    settings: DataSettings,
    *,
    words: Words | None = None,
    tokens: Words | None = None,
    parts: Sequence[Part] | None = None,
) -> MarkedSpans:
    """Return the spans that cells mark in their texts, in characters from 0 with exclusive ends.

    Args:
        texts: one for each cell.
        cells: as the source gave them; a missing one is None, NaN or blank.
        name: what a person calls source and column, for errors.
        settings: the share of rows that may be bad.
        words: (start, end) of each word of each text, where the texts were put together of words.
        tokens: the same where a source gives both text and words, so that either may be counted.
        parts: the split of each row, where the source gives splits.

    Raises:
        UserError: if more rows than allowed have spans that no way of counting explains, or words of an unknown
            cutting seem to be counted.
    """
    read = [None if _is_missing(cell) else read_cell(cell) for cell in cells]
    found = _swapped(texts, [one.marks if one is not None else None for one in read])
    found, counting, note, doubt = _counted(texts, found, words or tokens, name, sure=words is not None)
    words = words or tokens
    told: Counter[str] = Counter()
    labels: list[tuple[Span, ...] | None] = []
    bad: dict[int, str] = {}
    for row, (text, cell, marks) in enumerate(zip(texts, read, found, strict=True)):
        if cell is None or marks is None:
            labels.append(None)
            continue
        told["relation"] += cell.relations
        told["unlabelled"] += cell.unlabelled
        places = words[row] if words else None
        spans, wrong = _spans(text, marks, counting, words=places, told=told)
        wrong = say("marks.unread", unread=cell.unread) if cell.unread and not wrong else wrong
        labels.append(None if wrong else spans)
        if wrong:
            bad[row] = wrong
    _check_bad(bad, len(texts), name, settings)
    labels, about = _without(labels, cells, read, bad=bad, parts=parts)
    notes = [say("marks.note", name=name, note=note), *about, *_sentences(told, bad)]
    return MarkedSpans(labels, tuple(notes), (*doubt, *_second_labels(told)), bad)


def _counted(
    texts: Sequence[str], found: list[tuple[Mark, ...] | None], words: Words | None, name: str, *, sure: bool
) -> tuple[list[tuple[Mark, ...] | None], Counting, str, tuple[str, ...]]:
    """Return the marks, those of words told as such, how the others are counted, a sentence, and doubts."""
    every = [mark for marks in found for mark in marks or ()]
    counting, note, share, usual = counting_of(texts, found)
    if every and any(mark.in_words for mark in every):
        return found, counting, say("marks.of_words" if words else "marks.between_blanks"), ()
    if words and (sure or usual < _SURELY):
        counted, told = _in_words(found, words)
        if told:
            return counted, counting, told, ()
    if share >= _MOSTLY or len(every) < _FEW:
        return found, counting, note, ()
    if not words and _in_words(found, [_between_blanks(text) for text in texts])[1]:
        raise UserError(
            say("marks.inside_words", name=name),
            say("marks.inside_words.hint"),
        )
    doubt = say("marks.doubt", value=1 - share, name=name)
    return found, counting, note, (doubt,)


def spans_of_tag_strings(
    texts: Sequence[str], cells: Sequence[Any], name: str, settings: DataSettings
) -> MarkedSpans | None:
    """Return the spans of cells that hold a tag (B, I, O, ...) for each character of their text; None if they do not.

    >>> spans_of_tag_strings(["a cup"], ["OOBII"], "a.json", DataSettings("a.json")).labels
    [(Span(start=2, end=5, label='entity'),)]

    Raises:
        UserError: if more rows than allowed have more or fewer tags than characters.
    """
    filled = [(text, cell) for text, cell in zip(texts, cells, strict=True) if isinstance(cell, str) and cell.strip()]
    fitting = sum(len(text) == len(cell.strip()) and set(cell.strip()) <= _TAG_LETTERS for text, cell in filled)
    if not filled or fitting < 0.98 * len(filled) or not any("O" in cell and "B" in cell for _, cell in filled):
        return None
    labels: list[tuple[Span, ...] | None] = []
    bad: dict[int, str] = {}
    for row, (text, cell) in enumerate(zip(texts, cells, strict=True)):
        tags = cell.strip() if isinstance(cell, str) else ""
        labels.append(_of_letters(tags) if tags and len(tags) == len(text) else None)
        if tags and labels[-1] is None:
            bad[row] = say("marks.tag_count", count=len(tags), count2=len(text))
    _check_bad(bad, len(texts), name, settings)
    notes = (say("marks.letters", nameless=NAMELESS),)
    return MarkedSpans(labels, notes, (), bad)


def _of_letters(tags: str) -> tuple[Span, ...]:
    found: list[Span] = []
    before = "O"
    for at, tag in enumerate(tags):
        if tag != "O":
            fresh = tag in "BSU" or before in "OESLU"
            found.append(Span(at if fresh else found.pop().start, at + 1, NAMELESS))
        before = tag
    return tuple(found)


def _spans(
    text: str,
    marks: Sequence[Mark],
    counting: Counting,
    *,
    words: Sequence[tuple[int, int]] | None,
    told: Counter[str],
) -> tuple[tuple[Span, ...], str | None]:
    """Return the spans of a text, or what is wrong with one of them; what is dropped is counted in `told`."""
    found: set[Span] = set()
    for mark in marks:
        place = _of_words(text, mark, words) if mark.in_words else counting.place(text, mark)
        if mark.start == mark.end and (place is None or place[0] == place[1]):
            told["empty"] += 1
            continue
        wrong = _wrong(text, mark, place)
        if wrong or place is None:
            return (), wrong
        piece = text[place[0] : place[1]]
        start = place[0] + len(piece) - len(piece.lstrip())
        end = start + len(piece.strip())
        told["trimmed"] += (start, end) != place and bool(piece.strip())
        if start >= end:
            told["empty"] += 1
            continue
        found.add(Span(start, end, mark.kinds[0]))
        for kind in dict.fromkeys(mark.kinds[1:]):
            told[f"second {kind}"] += 1
    return tuple(sorted(found)), None


def _wrong(text: str, mark: Mark, place: tuple[int, int] | None) -> str | None:
    """Return what is wrong with a stretch, or None."""
    here = {"start": mark.start, "end": mark.end}
    if place is None or not 0 <= place[0] < place[1] <= len(text):
        return say("marks.outside", count=len(text), **here)
    words = text[place[0] : place[1]]
    if mark.surface is not None and not mark.weak and not same(words, mark.surface):
        return say("marks.other_words", surface=mark.surface[:40], words=words[:40], **here)
    return None


def _in_words(found: list[tuple[Mark, ...] | None], words: Words) -> tuple[list[tuple[Mark, ...] | None], str | None]:
    """Return marks that count words where a source gives words and no mark says or needs anything else."""
    every = [(mark, places) for marks, places in zip(found, words, strict=True) for mark in marks or ()]
    if not every:
        return found, None
    inside = sum(mark.end <= len(places) for mark, places in every)
    if inside < MOST * len(every):
        return found, None
    last = int(any(mark.start == mark.end for mark, _ in every))
    counted = [marks and tuple(mark._replace(end=mark.end + last, in_words=True) for mark in marks) for marks in found]
    return counted, say("marks.words_inclusive" if last else "marks.words_exclusive")


def _of_words(text: str, mark: Mark, words: Sequence[tuple[int, int]] | None) -> tuple[int, int] | None:
    places = _between_blanks(text) if words is None else words
    if not 0 <= mark.start < mark.end <= len(places):
        return None
    return places[mark.start][0], places[mark.end - 1][1]


def _between_blanks(text: str) -> list[tuple[int, int]]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append((at, at + len(word)))
        at += len(word)
    return found


def _swapped(texts: Sequence[str], found: list[tuple[Mark, ...] | None]) -> list[tuple[Mark, ...] | None]:
    """Return marks whose kinds are kinds: lists of four may hold the words third and the kind last."""
    both = [(text, mark) for text, marks in zip(texts, found, strict=True) for mark in marks or () if mark.surface]
    surfaces = sum(mark.kinds[0] in text for text, mark in both if mark.weak)
    kinds = sum(mark.surface in text for text, mark in both if mark.weak and mark.surface)
    if surfaces < 0.5 * len(both) or surfaces <= kinds:
        return found
    return [
        marks
        and tuple(
            mark._replace(kinds=(mark.surface,), surface=mark.kinds[0], weak=False) if mark.surface else mark
            for mark in marks
        )
        for marks in found
    ]


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell


def _without(
    labels: list[tuple[Span, ...] | None],
    cells: Sequence[Any],
    read: Sequence[Cell | None],
    *,
    bad: Mapping[int, str],
    parts: Sequence[Part] | None,
) -> tuple[list[tuple[Span, ...] | None], list[str]]:
    """Return labels where rows without a cell have no spans, unless other rows say so by an empty list.

    A split none of whose rows has a cell stays unlabelled.
    """
    missing = [row for row, cell in enumerate(read) if cell is None]
    if not missing:
        return labels, []
    if any(one is not None and is_empty(cell) for one, cell in zip(read, cells, strict=True)):
        return labels, [say("marks.no_cell", count=len(missing))]
    marked = {parts[row] if parts else None for row, cell in enumerate(read) if cell is not None}
    none = [row for row in missing if row not in bad and (parts[row] if parts else None) in marked]
    labels = list(labels)
    for row in none:
        labels[row] = ()
    return labels, [say("marks.no_spans", count=len(none))] if none else []


def _check_bad(bad: Mapping[int, str], total: int, name: str, settings: DataSettings) -> None:
    if len(bad) <= settings.bad_share() * total and len(bad) < total:
        return
    rows = sorted(bad)
    named = ", ".join(str(row + 1) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    share = min(1.0, -(-100 * len(bad) // total) / 100)
    hint = say("marks.bad.hint_leave", share=share) if len(bad) < total else say("marks.bad.hint")
    raise UserError(
        say("marks.bad", count=len(bad), total=total, name=name, named=named, value=rows[0] + 1, bad=bad[rows[0]]),
        hint,
    )


def _sentences(told: Counter[str], bad: Mapping[int, str]) -> list[str]:
    found: list[str] = []
    if told["trimmed"]:
        found.append(say("marks.trimmed", told=told["trimmed"]))
    if told["empty"]:
        found.append(say("marks.empty", told=told["empty"]))
    if told["unlabelled"]:
        found.append(say("marks.unlabelled", told=told["unlabelled"]))
    if told["relation"]:
        found.append(say("marks.relations", told=told["relation"]))
    if bad:
        facts = {"row": min(bad) + 1, "wrong": bad[min(bad)]}
        several = len(bad) > 1
        found.append(say("marks.bad_rows", more=len(bad) - 1, **facts) if several else say("marks.bad_row", **facts))
    return found


def _second_labels(told: Counter[str]) -> list[str]:
    others = {key.removeprefix("second "): count for key, count in told.items() if key.startswith("second ")}
    if not others:
        return []
    ranked = sorted(others.items(), key=lambda one: -one[1])
    listed = joined([say("marks.times", kind=kind, count=count) for kind, count in ranked])
    return [say("marks.second_labels", listed=listed)]
