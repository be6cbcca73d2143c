"""A character trigram model: what a language model from scratch has to beat.

Interpolated Kneser-Ney smoothing (Kneser and Ney, 1995, doi:10.1109/ICASSP.1995.479394; as Chen and Goodman, 1999,
write it), with one discount for each order estimated from how many n-grams were met once and twice.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_START, _END = "\x02", "\x03"


@dataclass(frozen=True)
class Trigram:
    """Counts of an n-gram by its context, for each order: how often, or of lower orders after how many characters."""

    counts: tuple[dict[str, Counter[str]], ...]
    """Of orders 1, 2 and 3: context to the next character to its count."""
    discounts: tuple[float, ...]
    letters: int
    """Characters that there are, the end of a text and one for all unknown ones included."""

    @classmethod
    def learn(cls, texts: Iterable[Sequence[str]], letters: int) -> "Trigram":
        """Return the model of some texts.

        Args:
            texts: each as its characters; whatever stands for unknown ones is a character, too.
            letters: characters that may come, the end included.
        """
        tables: list[dict[str, Counter[str]]] = [defaultdict(Counter) for _ in range(3)]
        for text in texts:
            read = [_START, _START, *text, _END]
            for at in range(2, len(read)):
                tables[2][read[at - 2] + read[at - 1]][read[at]] += 1
        for order in (1, 0):  # lower orders count the different characters before, not how often
            for context, follows in tables[order + 1].items():
                tables[order][context[1:]].update(follows.keys())
        return cls(tuple(dict(one) for one in tables), tuple(map(_discount, tables)), letters)

    def bits(self, text: Sequence[str]) -> float:
        """Return the bits that a text takes, its end included."""
        read = [_START, _START, *text, _END]
        return -sum(math.log2(self.chance(read[at], read[at - 2] + read[at - 1])) for at in range(2, len(read)))

    def chance(self, letter: str, context: str) -> float:
        """Return the probability of a character after two others."""
        found = 1 / self.letters
        for order in range(3):
            follows = self.counts[order].get(context[2 - order :])
            if follows is None:
                break  # longer contexts were not met, either
            total, discount = follows.total(), self.discounts[order]
            found = max(0.0, follows[letter] - discount) / total + discount * len(follows) / total * found
        return found


def _discount(table: dict[str, Counter[str]]) -> float:
    met = Counter(count for follows in table.values() for count in follows.values())
    once, twice = met[1], met[2]
    return once / (once + 2 * twice) if once else 0.5
