"""Where the two stretches of a text are that a row names beside it, by their words, their places, or both.

Places count characters, or words where the text is a list of words, and end behind the last one or, as in TACRED, on
it (Zhang et al., 2017, aclanthology.org/D17-1004).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from haoqi.data.entity_marks import MarkedText, Stretch
from haoqi.data.reading.spans.span_tables import texts_of

NAMES, STARTS, ENDS = ("name", "text", "word", "mention"), ("start", "begin", "start_offset"), ("end", "end_offset")
PLACES = ("pos", "offset")
# Words that occur more often than this are looked at no further.
_MOST_PLACES = 8

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sides:
    """The columns that a text and its two stretches stand in."""

    text: str
    sides: tuple[str, str]
    """What the names of the stretches' columns begin with, in small letters."""
    columns: tuple[str, ...]
    """All of these columns."""
    inclusive: bool = False
    """Whether the place of an end is that of the last character or word, not the one behind it."""

    def mark(self, row: Row) -> str | None:
        """Return the text of a row with its two stretches marked; None where one is not found.

        Of several places of the same words the nearest to each other count that do not overlap.
        """
        text, words = _text_of(row.get(self.text))
        plain = in_small_letters(row)
        found = [_stretches(*said_of(plain, side), text, words, inclusive=self.inclusive) for side in self.sides]
        apart = [pair for pair in product(*found) if pair[0] != pair[1]]
        best = min(apart, key=lambda pair: (_overlap(*pair), _distance(*pair)), default=None)
        return None if best is None else str(MarkedText(text, *best))

    def counts_inclusively(self, rows: Sequence[Row]) -> bool:
        """Return whether the ends of some rows' places must be those of the last character or word.

        So it is where only then the words are those that are named beside, or a stretch of one word is not empty.
        """
        right = {True: 0, False: 0}
        named = False
        for row in rows:
            text, words = _text_of(row.get(self.text))
            plain = in_small_letters(row)
            for side in self.sides:
                name, place = said_of(plain, side)
                named = named or name is not None
                if place is None:
                    continue
                for inclusive in right:
                    found = _at(place, text, words, inclusive=inclusive)
                    right[inclusive] += found is not None and (name is None or _same(text[slice(*found)], name))
        return right[True] > right[False] or (right[True] == right[False] and not named and self.sides[0] == "subj")


def in_small_letters(row: Row) -> dict[str, Any]:
    """Return a row with the names of its columns in small letters."""
    return {str(column).strip().lower(): value for column, value in row.items()}


def said_of(row: Row, side: str) -> tuple[str | None, tuple[int, int] | None]:
    """Return the words of one side as a row gives them, and its place.

    >>> said_of({"h": {"name": "Oslo", "pos": [3, 7]}}, "h"), said_of({"h_start": 3, "h_end": 7}, "h")
    (('Oslo', (3, 7)), (None, (3, 7)))

    Args:
        row: with names in small letters; records within it may have been taken apart.
        side: what the names of its columns begin with.
    """
    own = row.get(side)
    named = _first(row, side, NAMES)
    name = None if named is None else str(named)
    place = next((found for one in PLACES if (found := _place(_value(row, side, one))) is not None), None)
    if isinstance(own, str):
        name = own
    elif isinstance(own, list | tuple) and own:  # FewRel: [name, id, [[places of words], ...]]
        name = own[0] if isinstance(own[0], str) else name
        place = _place(own[2]) if len(own) > 2 else _place(own)
    start, end = (_first(row, side, names) for names in (STARTS, ENDS))
    if place is None and _is_whole(start) and _is_whole(end):
        place = int(float(start)), int(float(end))
    return name, place


def _text_of(cell: Any) -> tuple[str, Sequence[Stretch] | None]:
    """Return a cell as a text, and where its words stand if it is a list of words."""
    texts, words = texts_of([cell])
    return texts[0], None if words is None else words[0]


def _stretches(
    name: str | None, place: tuple[int, int] | None, text: str, words: Sequence[Stretch] | None, *, inclusive: bool
) -> list[Stretch]:
    """Return the stretches of the text that one side may be: one by its place, else all by its words."""
    found = None if place is None else _at(place, text, words, inclusive=inclusive)
    if found is not None and (words is not None or name is None or _same(text[slice(*found)], name)):
        return [found]
    if name is None or not name.strip():
        return []
    pattern = re.escape(name.strip())
    whole = rf"(?<!\w){pattern}(?!\w)" if name.isascii() else pattern
    exact = [match.span() for match in re.finditer(whole, text)]
    return (exact or [match.span() for match in re.finditer(pattern, text)])[:_MOST_PLACES]


def _at(place: tuple[int, int], text: str, words: Sequence[Stretch] | None, *, inclusive: bool) -> Stretch | None:
    """Return the stretch of the text at a place; None where there is none."""
    start, end = place[0], place[1] + int(inclusive)
    if not 0 <= start < end <= (len(text) if words is None else len(words)):
        return None
    return (start, end) if words is None else (words[start][0], words[end - 1][1])


def _first(row: Row, side: str, names: Sequence[str]) -> Any:
    return next((value for one in names if (value := _value(row, side, one)) is not None), None)


def _value(row: Row, side: str, name: str) -> Any:
    """Return what a row says of one side under a name; None where it says nothing."""
    for joint in "._":
        if (found := row.get(f"{side}{joint}{name}")) is not None and found == found:
            return found
    inner = row.get(side)
    return inner.get(name) if isinstance(inner, dict) else None


def _place(value: Any) -> tuple[int, int] | None:
    """Return a place as (start, end), out of [start, end], JSON of it, or FewRel's [[word, word, ...], ...]."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "("):
        try:
            value = json.loads(value.strip().replace("(", "[").replace(")", "]"))
        except ValueError:
            return None
    if not isinstance(value, list | tuple) or not value:
        return None
    if isinstance(value[0], list | tuple):
        return (min(value[0]), max(value[0]) + 1) if value[0] and all(map(_is_whole, value[0])) else None
    return (int(value[0]), int(value[1])) if len(value) == 2 and all(map(_is_whole, value)) else None


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    return str(value).strip().removesuffix(".0").isdecimal()


def _same(text: str, name: str) -> bool:
    return text.strip().lower() == name.strip().lower()


def _overlap(one: Stretch, other: Stretch) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _distance(one: Stretch, other: Stretch) -> int:
    return max(one[0], other[0]) - min(one[1], other[1])
