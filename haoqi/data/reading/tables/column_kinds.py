"""What the cells of a column are: free text, names, numbers, identifiers, times, addresses, lists, records."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Number
from statistics import fmean, median
from typing import Any, Literal

Kind = Literal[
    "empty", "text", "name", "number", "identifier", "time", "address", "path", "words", "names", "marks", "record"
]
# Enough cells to tell a column of classes from one of free text.
LOOK_AT = 2_000
# From this share of the cells on, a column is what these cells are.
MOST = 0.85

_NUMBER = re.compile(r"[-+]?[$€£¥]?\d+([.,' ]\d+)*\s?%?([eE][-+]?\d+)?")
_DAY = r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/., ]+\d{2,4}"
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_TIME = re.compile(
    rf"({_DAY})([T ,]+\d{{1,2}}:\d{{2}}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?"
    rf"|((mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(\d{{1,2}} )?({_MONTHS})[a-z]* .*\d{{4}}.*",
    re.I,
)
_ADDRESS = re.compile(r"((https?|ftp)://|www\.)\S+|[\w.+-]+@[\w-]+(\.[\w-]+)+|(\d{1,3}\.){3}\d{1,3}")
_PATH = re.compile(
    r"(~|\.{1,2}|[A-Za-z]:)?[\\/][^\s\\/]+([\\/][^\\/]*)+"
    r"|[^\s\\/]+([\\/][^\\/\s]+)*\.[A-Za-z][A-Za-z0-9]{1,4}"
)
_IDENTIFIER = re.compile(
    r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # UUID
    r"|(?=.*\d)[0-9a-fA-F]{12,}"  # hash
    r"|(?=.*[A-Za-z])(?=.*\d)[A-Za-z0-9+/_=-]{16,}"  # key, base64
    r"|[A-Za-z]{0,12}([-_:#. /]?[A-Za-z]{0,8}[-_:#./]?\d+){1,4}[A-Za-z]?"  # c00017, train-17, 34611509_1, T 12
)
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff\u0e00-\u0e7f]")
# Dates, decimals and whatever else a workbook or a database gives are single values, too.
_SEVERAL = (list, tuple, set, frozenset, Mapping)


@dataclass(frozen=True)
class Column:
    """What a sample of a column's cells is like."""

    name: str
    kind: Kind
    rows: int
    """All rows, with a cell or without."""
    filled: int
    """Rows whose cell is not empty, of all rows."""
    looked_at: int
    """Filled cells that the rest is told of."""
    distinct: int
    """Different ones among them."""
    length: float
    """Mean number of characters."""
    words: float
    """Mean number of words; for scripts without spaces, characters by two."""
    binary: bool = False
    """Whether all cells are 0 and 1, yes and no, or true and false."""
    sample: tuple[str, ...] = ()

    @property
    def share_filled(self) -> float:
        """The share of rows whose cell is not empty."""
        return self.filled / max(1, self.rows)

    @property
    def repeats(self) -> bool:
        """Whether the cells repeat as classes do."""
        return 1 < self.distinct <= max(2, 0.3 * self.looked_at)


_BINARY = ({"0", "1"}, {"0.0", "1.0"}, {"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"-1", "1"})


def look_at(name: str, cells: Sequence[Any]) -> Column:
    """Return what a column is like; types are looked for in all rows, characters in an even sample.

    Args:
        name: of the column.
        cells: as a source gives them.
    """
    filled = _filled(cells)
    sample = filled[:: max(1, len(filled) // LOOK_AT)]
    if not sample:
        return Column(name, "empty", len(cells), 0, 0, 0, 0.0, 0.0)
    kind = _kind(filled, sample)
    spelt = [cell.strip() if isinstance(cell, str) else _spell(cell) for cell in sample]
    counts = Counter(spelt)
    return Column(
        name,
        kind,
        len(cells),
        len(filled),
        len(sample),
        len(counts),
        fmean(map(len, spelt)),
        fmean(map(count_words, spelt)),
        binary=any({one.lower() for one in counts} <= pair for pair in _BINARY),
        sample=tuple(one for one, _ in counts.most_common(5)),
    )


def _filled(cells: Sequence[Any]) -> Sequence[Any]:
    """Return the cells that say something; those of a text file are told quickly."""
    if set(map(type, cells)) == {str}:
        return [cell for cell in cells if cell and not cell.isspace()]
    return [cell for cell in cells if not is_empty(cell)]


def is_empty(cell: Any) -> bool:
    """Return whether a cell says nothing: None, NaN, or a blank text. An empty list is an answer."""
    if isinstance(cell, str):
        return not cell or cell.isspace()
    return cell is None or (isinstance(cell, float) and cell != cell)


def count_words(text: str) -> float:
    """Return the number of words of a text, where two characters of a script without spaces count as one.

    >>> count_words("the red lamp"), count_words("红色的灯")
    (3, 2.0)
    """
    wide = len(_WIDE.findall(text)) if not text.isascii() else 0
    return wide / 2 + len(_WIDE.sub(" ", text).split()) if wide else len(text.split())


def cell_kind(text: str) -> Kind:
    """Return what one cell is on its own.

    >>> cell_kind("12.5"), cell_kind("2024-05-01"), cell_kind("c00017"), cell_kind("It broke on day two")
    ('number', 'time', 'identifier', 'text')
    """
    if _NUMBER.fullmatch(text):
        return "number"
    if len(text) <= 40 and _TIME.fullmatch(text):
        return "time"
    if _ADDRESS.fullmatch(text):
        return "address"
    if len(text) <= 80 and _IDENTIFIER.fullmatch(text):
        return "identifier"
    if len(text) <= 300 and not text.endswith((".", "!", "?")) and _PATH.fullmatch(text) and not _is_prose(text):
        return "path"
    if text[0] in "{[(" and text[-1] in "}])" and is_record(text):
        return "record"
    return "text" if count_words(text) > 1 else "name"


def is_record(text: str) -> bool:
    """Return whether a text is a list or a record in JSON, or as Python writes them."""
    from ast import literal_eval

    for read in (json.loads, literal_eval):
        try:
            return isinstance(read(text), list | dict | tuple | set)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return False


def _kind(filled: Sequence[Any], sample: Sequence[Any]) -> Kind:
    """Return the kind of a column by what most of its cells are."""
    types = set(map(type, filled))
    if any(issubclass(one, _SEVERAL) for one in types):
        return _composite(filled)
    if all(issubclass(one, Number) for one in types):
        return "number"
    from haoqi.data.reading.spans.marks import holds_marks
    from haoqi.data.reading.tables.label_cells import unwrap

    words = [str(cell).strip() for cell in sample]
    each = list(map(cell_kind, words))
    kinds = Counter(each)
    if kinds["record"]:
        records = [word for word, kind in zip(words, each, strict=True) if kind == "record"]
        if len(records) > 0.5 * len(words) and fmean(map(holds_marks, records)) > 0.5:
            return "marks"
        if fmean(unwrap(record) is not None for record in records) > MOST:
            return _composite([unwrap(word) or [word] for word in words])
    kinds_told: tuple[Kind, ...] = ("number", "time", "address", "identifier", "path", "record")
    for kind in kinds_told:
        if kinds[kind] >= MOST * len(words):
            return kind
    mixed = kinds["number"] + kinds["identifier"] + kinds["time"] + kinds["path"] + kinds["address"]
    if mixed >= MOST * len(words):
        return "identifier"
    return "text" if kinds["text"] > 0.3 * len(words) or _varied(words) else "name"


def _composite(filled: Sequence[Any]) -> Kind:
    """Return the kind of a column in which some cells are lists or records."""
    from haoqi.data.reading.spans.marks import holds_marks

    several = [cell for cell in filled if isinstance(cell, _SEVERAL)]
    if len(several) == len(filled) and not any(several):
        return "empty"  # a list that never holds anything tells nothing
    if any(map(holds_marks, several)):
        return "marks"
    if any(isinstance(cell, Mapping) for cell in several):
        return "record"
    lists = [list(cell) for cell in several]
    if any(isinstance(part, Mapping | list | tuple) for cell in lists for part in cell):
        return "record"
    lengths = [len(cell) for cell in lists if cell]
    parts = Counter(part for cell in lists[:LOOK_AT] for part in map(str, cell))
    many = sum(parts.values())
    # A sentence of words: longer than lists of classes are, and of many different words.
    if lengths and median(lengths) >= 4 and len(parts) > max(12, 0.02 * many):
        return "words"
    return "names"


def _varied(words: Sequence[str]) -> bool:
    """Return whether single words differ so much that they are short texts rather than names of classes."""
    return len(set(words)) > max(20, 0.5 * len(words)) and fmean(map(len, words)) > 3


def _is_prose(text: str) -> bool:
    return " " in text and count_words(text) > 6


def _spell(cell: Any) -> str:
    if isinstance(cell, list | tuple):
        return " ".join(map(str, cell))
    return str(cell)
