"""What n-grams are counted of where two stretches of a text are marked, each view with n-grams of its own.

The words of the whole text, those between the two, and each of the two with its neighbours: the features that a linear
model gets furthest with (Zhou et al., 2005, aclanthology.org/P05-1053; Rink and Harabagiu, 2010,
aclanthology.org/S10-1057).
"""

from collections.abc import Sequence

from haoqi.data.entity_marks import MarkedText, parse_marks
from haoqi.tasks.words import word_offsets

VIEWS = 4
# A distance of more words is no different.
_FAR = 12
# Words that no text has: where the words between begin and end, and what stands beside a stretch.
_BEGIN, _END, _BEFORE, _AFTER, _REVERSED, _DISTANCE = "xbegin", "xend", "xbefore", "xafter", "xreversed", "xdistance"


def views_of(texts: Sequence[str]) -> list[list[str]]:
    """Return the views of some marked texts, `VIEWS` lists of as many texts.

    Raises:
        ValueError: with the reason, if a text has no two marked stretches.
    """
    rows = [_views(parse_marks(text)) for text in texts]
    return [[row[view] for row in rows] for view in range(VIEWS)]


def _views(marked: MarkedText) -> tuple[str, str, str, str]:
    words = word_offsets(marked.text)
    start, end = marked.between
    inside = sum(start <= first < end for first, _ in words)
    order = "" if marked.first <= marked.second else f" {_REVERSED}"
    between = f"{_BEGIN}{order} {marked.text[start:end]} {_END} {_DISTANCE}{min(inside, _FAR)}"
    first, second = (_beside(marked.text, one, words) for one in (marked.first, marked.second))
    return marked.text, between, first, second


def _beside(text: str, stretch: tuple[int, int], words: Sequence[tuple[int, int]]) -> str:
    """Return the words of a stretch, and the word before and after it as such."""
    before = next((text[a:b] for a, b in reversed(words) if b <= stretch[0]), "")
    after = next((text[a:b] for a, b in words if a >= stretch[1]), "")
    return f"{text[slice(*stretch)]} {_END} {_BEFORE} {before} {_AFTER} {after}"
