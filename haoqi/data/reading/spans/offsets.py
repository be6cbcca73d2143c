"""In what the ends of labelled stretches are counted: characters, UTF-16, bytes, graphemes, from 0 or 1, inclusive."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from haoqi.core.say import say

# Most of the stretches that differ under another way of counting must speak for it.
MOST = 0.99
# Without surfaces to compare with, so few stretches prove nothing.
FEWEST = 3
# More plain stretches tell nothing new of how they are counted; texts beyond ASCII are all looked at.
_ENOUGH = 20_000
_WIDE = "\u2e80"
# Characters that never join others: Latin, Greek, Cyrillic, Chinese, Japanese, whole Hangul, and wide punctuation.
_SINGLE = re.compile(
    "[\x20-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u3000-\u3029\u3030-\u3098\u309b-\u9fff"
    "\uac00-\ud7a3\uff00-\uff9d\n\t]*"
)
_JOINER, _FLAGS = "\u200d", ("\U0001f1e6", "\U0001f1ff")
_EXTENDS = ("\ufe0f", "\ufe0e", "\u20e3", _JOINER)


class Mark(NamedTuple):
    """A stretch as a source writes it, before anybody knows in what it is counted."""

    start: int
    end: int
    kinds: tuple[str, ...]
    surface: str | None = None
    """The words that stand there, where the source repeats them."""
    weak: bool = False
    """Whether the surface may be another spelling of the words."""
    inclusive: bool = False
    """Whether sources that call the ends so mean the last character itself."""
    in_words: bool = False
    """Whether words are counted rather than characters."""


Place = tuple[int, int] | None
Placer = Callable[[str, Mark], Place]


@dataclass(frozen=True)
class Counting:
    """A way to count the ends of stretches."""

    name: str
    place: Placer
    key: str
    """Of what is said where it is used."""

    @property
    def told(self) -> str:
        """What is said where it is used."""
        return say(f"counting.{self.key}")


@dataclass
class _Tally:
    fits: int = 0
    exact: int = 0
    """Stretches without blanks at their edges, among those."""
    differ: int = 0
    """Stretches that are elsewhere when counted as usual."""
    fits_differing: int = 0
    surfaces: int = 0
    """Stretches whose surface stands there."""


class Counted(NamedTuple):
    """How stretches are counted, and how well that explains them."""

    counting: Counting
    note: str
    """A sentence on it."""
    share: float = 1.0
    """Of the stretches that it explains; 1 where surfaces decide."""
    usual_share: float = 1.0
    """The same of how such stretches are counted usually."""


def counting_of(texts: Sequence[str], found: Sequence[Sequence[Mark] | None]) -> Counted:
    """Return how stretches are counted, by what explains them best.

    Ends are exclusive and count characters from 0 unless another way explains those stretches that it changes.
    """
    usual, tallies = _tallied(texts, found)
    if not usual:
        return Counted(COUNTINGS[0], say("counting.none"))
    first = _usual(found)
    order = [first, *(one for one in COUNTINGS if one is not first)]
    most = max(tallies[one.name].fits for one in order)
    able = [one for one in order if tallies[one.name].fits == most]
    best = first if first in able else max(able, key=lambda one: (tallies[one.name].exact, -order.index(one)))
    tally = tallies[best.name]
    shown = any(one.surfaces for one in tallies.values())
    enough = tally.differ >= (1 if shown else FEWEST) and tally.fits_differing >= MOST * tally.differ
    if best is not first and not enough and not (shown and tally.fits > 0.5 * usual):
        best, tally = first, tallies[first.name]
    shares = (1.0, 1.0) if shown else (tally.fits / usual, tallies[first.name].fits / usual)
    if tally.surfaces:
        return Counted(best, say("counting.shown", told=best.told, surfaces=tally.surfaces), *shares)
    if best is first:
        return Counted(best, say(f"counting_taken.{best.key}"), *shares)
    return Counted(best, say("counting.else", told=best.told, differ=tally.differ), *shares)


def fits(text: str, mark: Mark, place: Place) -> bool:
    """Return whether a stretch is what its surface says, or else begins and ends where words may."""
    if place is None or not 0 <= place[0] < place[1] <= len(text):
        return False
    words = text[place[0] : place[1]]
    if mark.surface is not None and not mark.weak:
        return same(words, mark.surface)
    if mark.surface is not None and same(words, mark.surface):
        return True
    start = place[0] + len(words) - len(words.lstrip())
    end = place[1] - (len(words) - len(words.rstrip()))
    return not (cuts(text, start) or cuts(text, end))


def same(words: str, surface: str) -> bool:
    """Return whether words are what a surface says; blanks and half pairs of a broken character aside."""
    return words == surface or _plain(words) == _plain(surface)


def cuts(text: str, at: int) -> bool:
    """Return whether a place is inside a word of a script that parts its words."""
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    return left.isalnum() and right.isalnum() and left < _WIDE and right < _WIDE


def _plain(words: str) -> str:
    words = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in words)
    return " ".join(words.split()).casefold()


def _usual(found: Sequence[Sequence[Mark] | None]) -> Counting:
    marks = [mark for row in found for mark in row or ()]
    return COUNTINGS[1] if marks and sum(mark.inclusive for mark in marks) > 0.5 * len(marks) else COUNTINGS[0]


def _tallied(texts: Sequence[str], found: Sequence[Sequence[Mark] | None]) -> tuple[int, dict[str, _Tally]]:
    """Return the number of stretches that are counted in letters, and what speaks for each way of counting."""
    tallies = {one.name: _Tally() for one in COUNTINGS}
    total = 0
    for text, marks in zip(texts, found, strict=True):
        if not marks or (total > _ENOUGH and text.isascii()):
            continue
        alike = _alike(text)
        for mark in marks:
            if not mark.in_words and mark.end >= mark.start:
                total += 1
                _tally(text, mark, alike, tallies)
    return total, tallies


def _alike(text: str) -> frozenset[str]:
    """Return the units of which each is one character in a text."""
    if text.isascii() and "\r" not in text:
        return frozenset(_UNITS)
    found = {"UTF-16"} if max(text, default="") <= "\uffff" else set()
    return frozenset(found | ({"graphemes"} if _SINGLE.fullmatch(text) else set()))


def _tally(text: str, mark: Mark, alike: frozenset[str], tallies: dict[str, _Tally]) -> None:
    known: dict[Place, tuple[bool, bool, bool]] = {}
    plain = COUNTINGS[0].place(text, mark)
    for one in COUNTINGS:
        place = plain if one.name in alike else one.place(text, mark)
        if place not in known:
            right = fits(text, mark, place)
            shown = mark.surface is not None and place is not None and same(text[place[0] : place[1]], mark.surface)
            words = text[place[0] : place[1]] if right and place is not None else ""
            known[place] = right, right and shown, right and words == words.strip()
        tally = tallies[one.name]
        right, shown, exact = known[place]
        tally.fits += right
        tally.exact += exact
        tally.surfaces += shown
        if place != plain:
            tally.differ += 1
            tally.fits_differing += right


@lru_cache(maxsize=256)
def _table(text: str, unit: str) -> dict[int, int]:
    """Return the character at which each count of units ends, where it ends one."""
    found, at = {0: 0}, 0
    for number, piece in _pieces(text, unit):
        at += number
        found[at] = piece
    return found


def _pieces(text: str, unit: str) -> list[tuple[int, int]]:
    """Return (units, characters up to here) of each piece that is not cut."""
    if unit == "graphemes":
        return [(1, end) for end in _graphemes(text)]
    if unit == "UTF-16":
        return [(1 + (letter > "\uffff"), end) for end, letter in enumerate(text, 1)]
    return [(len(letter.encode("utf-8", "surrogatepass")), end) for end, letter in enumerate(text, 1)]


def _graphemes(text: str) -> list[int]:
    """Return where what a reader takes for one character ends (a simple form of Unicode's annex 29)."""
    ends: list[int] = []
    flags = 0
    for at, letter in enumerate(text):
        before = text[at - 1] if at else ""
        flags = flags + 1 if _FLAGS[0] <= letter <= _FLAGS[1] else 0
        joins = (
            letter in _EXTENDS
            or unicodedata.category(letter) in ("Mn", "Me", "Mc")
            or "\U0001f3fb" <= letter <= "\U0001f3ff"
            or before == _JOINER
            or (before == "\r" and letter == "\n")
            or (flags and flags % 2 == 0)
        )
        if joins and ends:
            ends[-1] = at + 1
        else:
            ends.append(at + 1)
    return ends


def _in_units(unit: str, last: int = 0) -> Placer:
    def place(text: str, mark: Mark) -> Place:
        table = _table(text, unit)
        start, end = table.get(mark.start), table.get(mark.end + last)
        return None if start is None or end is None else (start, end)

    return place


def _shifted(start: int, end: int) -> Placer:
    return lambda text, mark: (mark.start + start, mark.end + end)


_UNITS = ("UTF-16", "bytes", "graphemes")
# The likeliest first: where several explain all stretches alike, the first of them does.
COUNTINGS: tuple[Counting, ...] = (
    Counting("exclusive", _shifted(0, 0), "exclusive"),
    Counting("inclusive", _shifted(0, 1), "inclusive"),
    Counting("UTF-16", _in_units("UTF-16"), "utf16"),
    Counting("bytes", _in_units("bytes"), "bytes"),
    Counting("graphemes", _in_units("graphemes"), "graphemes"),
    Counting("from 1, inclusive", _shifted(-1, 0), "one_inclusive"),
    Counting("from 1", _shifted(-1, -1), "one_exclusive"),
    Counting("UTF-16, inclusive", _in_units("UTF-16", 1), "utf16_inclusive"),
    Counting("bytes, inclusive", _in_units("bytes", 1), "bytes_inclusive"),
)
