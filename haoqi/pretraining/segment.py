"""Words to hide: spaced words as they stand, Chinese ones as the texts tell them apart.

Two characters that stand together far more often than chance has it are a word (Sproat and Shih, "A statistical method
for finding word boundaries in Chinese text", 1990). Most Chinese words have one or two characters, and nothing but the
texts is needed, so new names and terms are words as soon as they recur. Hiding whole words keeps a guess from being
read off the other half of the word (Cui et al., 2021, arXiv:1906.08101).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from haoqi.tasks.words import UNSPACED, word_offsets

# How many times as often as by chance two characters must stand together, as a power of two; by the paper.
_LEAST = 2.5
# A pair that was met less often may be chance.
_LEAST_COUNT = 3
_RUN = re.compile(rf"[{UNSPACED}]+")


@dataclass(frozen=True)
class Segmenter:
    """How closely two characters of scripts without spaces belong together."""

    bonds: dict[str, float] = field(default_factory=dict)
    """Pair of characters to the logarithm, base 2, of how many times as often as by chance they stand together."""

    @classmethod
    def learn(cls, texts: Iterable[str]) -> "Segmenter":
        """Return what texts say of their own words."""
        single: Counter[str] = Counter()
        double: Counter[str] = Counter()
        for text in texts:
            for run in _RUN.findall(text):
                single.update(run)
                double.update(map("".join, pairwise(run)))
        total = max(1, single.total())
        bonds = {
            pair: math.log2(count * total / (single[pair[0]] * single[pair[1]]))
            for pair, count in double.items()
            if count >= _LEAST_COUNT
        }
        return cls({pair: bond for pair, bond in bonds.items() if bond >= _LEAST})

    def words(self, text: str) -> list[tuple[int, int]]:
        """Return (start, end) of each word of a text, in order; white space is left out.

        >>> Segmenter({"好奇": 9.0, "奇心": 4.0}).words("有好奇心 at 9")
        [(0, 1), (1, 3), (3, 4), (5, 7), (8, 9)]
        """
        offsets = word_offsets(text)
        joins = self._joins(text)
        found: list[tuple[int, int]] = []
        for start, end in offsets:
            if found and start in joins and found[-1][1] == start:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return found

    def _joins(self, text: str) -> set[int]:
        """Return the places of characters that belong to the one before, the closest pairs first."""
        joins: set[int] = set()
        for run in _RUN.finditer(text):
            begin, letters = run.start(), run.group()
            pairs = [(self.bonds.get(letters[at : at + 2], 0.0), at) for at in range(len(letters) - 1)]
            for bond, at in sorted(pairs, key=lambda pair: (-pair[0], pair[1])):
                place = begin + at + 1
                if bond and not joins & {place - 1, place + 1}:
                    joins.add(place)
        return joins
