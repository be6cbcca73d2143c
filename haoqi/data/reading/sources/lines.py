"""A text and its label on each line: sentence@label, 2 the sentence, or fastText's __label__x text."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.raw import Raw, digest
from haoqi.data.reading.decoding.decode import head, read_text
from haoqi.data.reading.row_stream import Row, RowStream, StreamedFile
from haoqi.data.reading.sources import sources
from haoqi.data.reading.sources._label_words import LabelWord, find_label_word, looks_like_label_word
from haoqi.data.reading.tables.dialect import NAMED, guess_delimiter
from haoqi.data.reading.tables.table import Table, to_raw
from haoqi.data.settings import DataSettings

_MARK = re.compile(r"\s*(__[^\W_][\w-]*?__)\S")
_DELIMITERS = ("\t", " ||| ", "@", "|", ";")
_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl")
# Lines that tell how all of them are cut.
_LOOK_AT = 500


@sources.register
class Lines:
    """Lines without names of columns, cut once: at a delimiter, after a first word that is a label, or at __label__."""

    def recognises(self, source: str, settings: DataSettings) -> float:
        path = Path(source)
        if not path.is_file() or path.suffix.lower() in _SUFFIXES:
            return 0.0
        start = head(path, settings.encoding)
        lines = [line for line in start.split("\n")[:_LOOK_AT] if line.strip()]
        lines = lines[:-1] if len(lines) > 2 else lines
        if not lines:
            return 0.0
        if find_mark(lines):
            return 0.98
        # A table says more than lines do; only what a table cannot be is claimed here.
        if (cut := guess(lines, settings.delimiter)) and cut[0] in ("@", " ||| "):
            return 0.6
        delimiter = settings.delimiter or guess_delimiter(start, None, "")[0]
        if settings.delimiter or (delimiter and _cut_alike(lines, delimiter)):
            return 0.0
        if found := find_label_word(lines):
            return 0.9 if found.names[0].startswith("[") else 0.6  # a bracket looks like JSON
        return 0.6 if not delimiter and looks_like_label_word(lines) else 0.0

    def read(self, source: str, settings: DataSettings, labelled: bool = True) -> Raw:
        path = Path(source)
        text, encoding = read_text(path, settings.encoding)
        lines = [line.strip("\r") for line in text.split("\n") if line.strip()]
        said = NAMED.get(settings.delimiter or "", settings.delimiter)
        delimiter, why = None, ""
        if mark := find_mark(lines[:_LOOK_AT]):
            columns, why = _marked(lines, mark), say("column.marked", mark=mark)
        elif cut := guess(lines[:_LOOK_AT], said):
            delimiter = cut[0]
            columns = _cut(lines, *cut, name=path.name, settings=settings)
            why = say("column.before_first" if cut[1] else "column.after_last", delimiter=delimiter)
        elif found := None if said else find_label_word(lines):
            columns, why = _split(lines, found), say("column.first_word" if found.first else "column.last_word")
        elif labelled:
            raise _no_label(path.name, lines)
        else:
            columns = {"text": lines, "label": [None] * len(lines)}
        told = {"text": say("column.rest_of_line"), "label": why} if why else {}
        roles = {"text": "text", "label": "label"} if why else {}
        table = Table(path.name, columns, "lines", digest([text]), None, encoding, delimiter, roles=roles, why=told)
        return to_raw(table, settings, labelled)

    def stream(self, file: StreamedFile) -> RowStream:
        """Return the lines that are not blank, each whole as a text."""

        def read() -> Iterator[tuple[Row, int]]:
            with file.open_text() as (text, count_bytes):
                for line in text:
                    if line.strip():
                        yield {"text": line.rstrip("\r\n")}, count_bytes()

        return RowStream(["text"], read, file.path.stat().st_size, notes=(say("predict.lines"),))


def guess(lines: Sequence[str], said: str | None) -> tuple[str, bool] | None:
    """Return what stands between text and label, and whether the label stands first.

    Labels are the last pieces of lines, or with a delimiter that a person said also the first ones, where these
    repeat and are short.
    """
    for delimiter in (said,) if said else _DELIMITERS:
        ends = [line.rpartition(delimiter)[2].strip() for line in lines if delimiter in line]
        if len(ends) < 0.99 * len(lines):
            continue
        if _like_labels(ends):
            return delimiter, False
        if said:
            return delimiter, _like_labels([line.partition(delimiter)[0].strip() for line in lines])
    return None


def _cut_alike(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether a delimiter stands equally often in nearly all lines, as in a table."""
    number, count = Counter(line.count(delimiter) for line in lines).most_common(1)[0]
    return number > 0 and count >= 0.97 * len(lines)


def _like_labels(ends: Sequence[str]) -> bool:
    counts = Counter(ends)
    return 1 < len(counts) <= max(2, 0.2 * len(ends)) and max(map(len, counts)) <= 40


def _cut(
    lines: Sequence[str], delimiter: str, first: bool, *, name: str, settings: DataSettings
) -> dict[str, list[Any]]:
    """Return texts and labels of lines cut at the last delimiter, or at the first where the label stands first."""
    texts: list[str | None] = []
    labels: list[str | None] = []
    for line in lines:
        before, found, after = line.partition(delimiter) if first else line.rpartition(delimiter)
        text, label = (after, before) if first else (before, after)
        texts.append(text.strip() if found else line)
        labels.append(label.strip() if found else None)
    without = [number for number, label in enumerate(labels, 1) if label is None]
    if len(without) > settings.bad_share() * len(lines):
        raise UserError(
            say("lines.no_delimiter", count=len(without), count2=len(lines), name=name, delimiter=delimiter),
            say("lines.no_delimiter.hint"),
        )
    return {"text": texts, "label": labels}


def _split(lines: Sequence[str], found: LabelWord) -> dict[str, list[Any]]:
    """Return texts and labels of lines whose first or last word is the label."""
    pieces = [found.cut(line) for line in lines]
    return {"text": [text for _, text in pieces], "label": [label for label, _ in pieces]}


def _no_label(name: str, lines: Sequence[str]) -> UserError:
    if word := looks_like_label_word(lines):
        shown = ", ".join(word.names[:4])
        return UserError(
            say("lines.maybe_first" if word.first else "lines.maybe_last", name=name, shown=shown),
            say("lines.maybe.hint"),
        )
    return UserError(say("lines.no_label", name=name), say("lines.no_label.hint"))


def find_mark(lines: Sequence[str]) -> str | None:
    """Return what marks labels where nearly all lines begin or end with such, as fastText's do: __label__.

    >>> find_mark(["__label__a some text", " __label__b, __label__c other text"])
    '__label__'
    """
    marks = Counter(match[1] for line in lines if (match := _MARK.match(line)))
    if not marks and sum("__label__" in line for line in lines) >= 0.95 * len(lines):
        marks["__label__"] = len(lines)
    mark, count = marks.most_common(1)[0] if marks else ("", 0)
    if count < 0.95 * len(lines):
        return None
    if mark == "__label__":
        return mark
    names = {name for line in lines for name in _cut_marks(line, mark)[0]}
    return mark if len(names) <= max(2, 0.3 * len(lines)) else None


def _marked(lines: Sequence[str], mark: str) -> dict[str, list[Any]]:
    """Return texts and labels of marked lines; a line without a mark has none."""
    pieces = [_cut_marks(line, mark) for line in lines]
    single = all(len(names) < 2 for names, _ in pieces)
    labels: list[Any] = [(names[0] if single else names) if names else None for names, _ in pieces]
    return {"text": [text for _, text in pieces], "label": labels}


def _cut_marks(line: str, mark: str) -> tuple[list[str], str]:
    """Return the labels that begin a line, or end it, and the rest.

    >>> _cut_marks("__label__a, __label__b one leg, broken", "__label__")
    (['a', 'b'], 'one leg, broken')
    """
    one = rf"{re.escape(mark)}((?:(?!{re.escape(mark)})\S)+?)(?=[,;|]*(?:\s|$|{re.escape(mark)}))"
    begin = re.match(rf"\s*(?:{one}[\s,;|]*)+", line)
    end = None if begin else re.search(rf"(?:(?<=\s){one}[\s,;|]*)+$", line)
    found = begin or end
    if found is None:
        return [], line.strip()
    names = list(dict.fromkeys(re.findall(one, found[0])))
    return names, (line[found.end() :] if begin else line[: found.start()]).strip()
