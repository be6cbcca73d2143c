"""Whether two columns of text belong together row by row, as the texts of pairs do: they share words within a row.

Two sentences that are compared speak of one thing, so that they share more words than either does with the next row's.
A heading and what stands below it do so, too, but one is much longer than the other.
"""

import re
from collections.abc import Sequence
from typing import Any

from haoqi.data.reading.tables.column_kinds import is_empty

# So many rows tell.
LOOK_AT = 500
# Shared words are Jaccard's share of both texts' words (1901), on the mean of the rows: at least so much, and so many
# times as much as with the text of another row. On stsb it is 0.40 and 0.06 in English, 0.42 and 0.09 in Chinese.
LEAST, TIMES = 0.15, 2.0
# Of more, the columns hold one text twice, as before and after cleaning.
MOST = 0.75
# The longer text of a pair is no more than so many times as long on the mean.
ALIKE = 2.0
FEWEST = 10

_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff\u0e00-\u0e7f]|\w+")


def are_pairs(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Return whether the texts of two columns are pairs.

    Args:
        first: cells of a column of text, as a source gives them.
        second: those of another, as many.
    """
    rows = [
        (str(one), str(other))
        for one, other in zip(first, second, strict=True)
        if not is_empty(one) and not is_empty(other)
    ]
    rows = rows[:: max(1, len(rows) // LOOK_AT)]
    lengths = sorted(sum(len(row[side]) for row in rows) for side in (0, 1))
    if len(rows) < FEWEST or lengths[1] > ALIKE * lengths[0]:
        return False
    words = [(_words(one), _words(other)) for one, other in rows]
    within = sum(_shared(one, other) for one, other in words) / len(rows)
    across = sum(_shared(one, other) for (one, _), (_, other) in zip(words, words[1:] + words[:1], strict=True))
    return LEAST <= within <= MOST and within >= TIMES * across / len(rows)


def _words(text: str) -> set[str]:
    """Return the words of a text; each character where none are spaced."""
    return set(_WORD.findall(text.lower()))


def _shared(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))
