"""What a tagger without a base sees of a word: its letters, how it is written, and its neighbours."""

import re
from collections.abc import Sequence
from functools import lru_cache

from haoqi.tasks.words import UNSPACED, Words

_UNSPACED = re.compile(f"[{UNSPACED}]")
_RUNS = re.compile(r"(.)\1+")
# Stand for the words before the first and after the last.
_EDGE = "\u0002"
_AFFIX = 4


def word_features(text: str, words: Words) -> list[list[str]]:
    """Return the features that hold at each word, as short strings; the first is empty and holds at every word.

    The word, its affixes, shape and neighbours (as in Ratinov and Roth, 2009, doi:10.3115/1596374.1596399); where
    words are single characters, windows of up to three characters instead of affixes.

    >>> word_features("Ann ran", ((0, 3), (4, 7)))[0][:4]
    ['', 'w=ann', 's=Aa', 'p=a']
    """
    spelt = [_EDGE, _EDGE, *(text[start:end] for start, end in words), _EDGE, _EDGE]
    low = [one.lower() for one in spelt]
    return [_at(spelt, low, place) for place in range(2, len(words) + 2)]


def shape(word: str) -> str:
    """Return how a word is written: A for a capital, a for a small letter, 0 for a digit, c for a Han character.

    >>> shape("U.S.-born2")
    'A.A.-a0'
    """
    kinds = "".join(
        "A"
        if one.isupper()
        else "0"
        if one.isdigit()
        else "c"
        if _UNSPACED.match(one)
        else "a"
        if one.isalpha()
        else one
        for one in word
    )
    return _RUNS.sub(r"\1", kinds)


def _at(spelt: Sequence[str], low: Sequence[str], place: int) -> list[str]:
    here, before, after = low[place], low[place - 1], low[place + 1]
    found = ["", *_own(spelt[place]), *_near(spelt[place - 1], "<"), *_near(spelt[place + 1], ">")]
    found += (
        f"<<{low[place - 2]}",
        f">>{low[place + 2]}",
        f"<w{before}|{here}",
        f"w>{here}|{after}",
        f"<>{before}|{after}",
    )
    if len(here) == 1:
        found += (
            f"<<w{low[place - 2]}{before}{here}",
            f"<w>{before}{here}{after}",
            f"w>>{here}{after}{low[place + 2]}",
        )
        found += (f"<<<{low[place - 2]}{before}", f">>>{after}{low[place + 2]}")
    return found


@lru_cache(maxsize=100_000)
def _own(word: str) -> tuple[str, ...]:
    low, form = word.lower(), shape(word)
    found = [f"w={low}", f"s={form}"]
    if len(low) > 1:
        for length in range(1, min(_AFFIX, len(low)) + 1):
            found += (f"p={low[:length]}", f"e={low[-length:]}")
        found.append(f"x={word}")
    return tuple(found)


@lru_cache(maxsize=100_000)
def _near(word: str, side: str) -> tuple[str, ...]:
    low, form = word.lower(), shape(word)
    if len(low) == 1:
        return (f"{side}w={low}", f"{side}s={form}")
    return (f"{side}w={low}", f"{side}s={form}", f"{side}e={low[-3:]}")
