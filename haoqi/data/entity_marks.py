"""Two marked stretches of a text, between which a relation holds: <e1>flowers</e1> in a <e2>vase</e2>.

So SemEval-2010 task 8 marks them (Hendrickx et al., 2010, aclanthology.org/S10-1006), and so they travel: within the
text, through cleaning, keys, files and the service. Marks may stand one in the other, and around parts of words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from haoqi.core.say import say

Stretch = tuple[int, int]
"""(start, end) in characters."""

EXAMPLE = "the <e1>flowers</e1> in a <e2>vase</e2>"

_TAG = re.compile(r"<(/?)e([12])>", re.IGNORECASE)


@dataclass(frozen=True)
class MarkedText:
    """A text without marks, and the two stretches that were marked; neither is empty."""

    text: str
    first: Stretch
    second: Stretch

    @property
    def entities(self) -> tuple[str, str]:
        """The words of the two stretches."""
        return self.text[slice(*self.first)], self.text[slice(*self.second)]

    @property
    def between(self) -> Stretch:
        """What stands between the two, whichever comes first; empty where they touch or overlap."""
        start, end = min(self.first[1], self.second[1]), max(self.first[0], self.second[0])
        return start, max(start, end)

    @property
    def exchanged(self) -> "MarkedText":
        """The same text, the first stretch marked as the second and the second as the first."""
        return MarkedText(self.text, self.second, self.first)

    @property
    def in_order(self) -> bool:
        """Whether the first stretch begins before the second; of two that begin together the longer is the first."""
        return (self.first[0], -self.first[1]) <= (self.second[0], -self.second[1])

    def __str__(self) -> str:
        """Return the text with its marks, as `parse_marks` reads it; what looks like a mark in the text is changed."""
        pieces = insert_at(_without_tags(self.text), self.first, self.second, (("<e1>", "</e1>"), ("<e2>", "</e2>")))
        return pieces[0]


def parse_marks(text: str) -> MarkedText:
    """Return a text's two marked stretches, less the white space at their ends.

    >>> parse_marks("the <e1>flowers</e1> in a <e2>vase</e2>")
    MarkedText(text='the flowers in a vase', first=(4, 11), second=(17, 21))

    Raises:
        ValueError: with the reason, unless each of the four marks stands there once, around something.
    """
    found: dict[str, int] = {}
    pieces, length, last = list[str](), 0, 0
    for match in _TAG.finditer(text):
        name = f"{match[1]}e{match[2]}"
        if name in found:
            raise ValueError(say("entity_marks.twice", mark=f"<{name}>"))
        pieces.append(text[last : match.start()])
        length, last = length + len(pieces[-1]), match.end()
        found[name] = length
    missing = next((name for name in ("e1", "/e1", "e2", "/e2") if name not in found), None)
    if missing is not None:
        raise ValueError(say("entity_marks.missing", mark=f"<{missing}>"))
    plain = "".join([*pieces, text[last:]])
    first, second = (_trimmed(plain, found[name], found[f"/{name}"]) for name in ("e1", "e2"))
    for name, (start, end) in (("e1", first), ("e2", second)):
        if start >= end:
            raise ValueError(say("entity_marks.empty", mark=f"<{name}>"))
    return MarkedText(plain, first, second)


def find_marks(text: str) -> MarkedText | None:
    """Return what `parse_marks` returns, or None for a text that is not marked so."""
    if "</e2>" not in text and "</E2>" not in text:
        return None
    try:
        return parse_marks(text)
    except ValueError:
        return None


def without_marks(text: str) -> str:
    """Return a text less its marks.

    >>> without_marks("the <e1>flowers</e1> in a <e2>vase</e2>")
    'the flowers in a vase'
    """
    return _TAG.sub("", text) if "</e" in text or "</E" in text else text


def are_marked(texts: Sequence[str], share: float = 0.5) -> bool:
    """Return whether at least this share of some texts has two marked stretches."""
    looked_at = texts[:1000]
    return bool(looked_at) and sum(find_marks(text) is not None for text in looked_at) >= share * len(looked_at)


def insert_at(
    text: str, first: Stretch, second: Stretch, around: tuple[tuple[str, str], tuple[str, str]]
) -> tuple[str, tuple[int, int, int, int]]:
    """Return a text with something put around two stretches of it, and where each of the four pieces begins.

    Args:
        text: without marks.
        first: a stretch of it.
        second: another, which may share characters with the first.
        around: what stands before and after the first, and the second.

    Returns:
        The text, and the places in it of the four pieces in the order of `around`.
    """
    # What ends at a place comes before what begins there; of two that begin together the longer encloses the other.
    edges = [
        (edge, begins, (-end if begins else -start), side)
        for side, (start, end) in enumerate((first, second))
        for edge, begins in ((start, 1), (end, 0))
    ]
    pieces, places, last, length = list[str](), [0, 0, 0, 0], 0, 0
    for edge, begins, _, side in sorted(edges):
        mark = around[side][0 if begins else 1]
        pieces += [text[last:edge], mark]
        length += edge - last
        places[2 * side + (0 if begins else 1)] = length
        length, last = length + len(mark), edge
    return "".join([*pieces, text[last:]]), (places[0], places[1], places[2], places[3])


def _trimmed(text: str, start: int, end: int) -> Stretch:
    """Return a stretch less the white space at its ends."""
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    return start, start + len(inside.strip())


def _without_tags(text: str) -> str:
    """Return a text of the same length in which nothing looks like a mark."""
    return _TAG.sub(lambda match: "‹" + match[0][1:-1] + "›", text)
