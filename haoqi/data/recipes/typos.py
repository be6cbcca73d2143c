"""Copies of texts with slips of the fingers (Belinkov and Bisk, 2018, arXiv:1711.02173).

Letters are swapped, left out, doubled or taken from the next key, a word changes its case; of Chinese, neighbouring
characters are swapped, one is left out or typed twice. Prefer it where people type what the model will read and the
training texts were edited, or where the report calls a model brittle.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from haoqi.core.config import Range
from haoqi.core.say import say
from haoqi.data.examples import Examples
from haoqi.data.recipes import RecipeTools, recipes
from haoqi.data.recipes._edits import Change, Copies, Free, chosen, is_character
from haoqi.data.recipes._rows import percent

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# Shorter words are mostly right, or unreadable afterwards.
_SHORTEST = 3


@recipes.register
@dataclass(frozen=True)
class Typos(Copies):
    """How many words are hit, and how much the copies count."""

    share: Annotated[float, Range(0.01, 0.5)] = 0.1
    """Of a text's words (of Chinese, its characters), how many have a slip; one at least."""

    def words(self) -> str:
        """Return what a plan learns from."""
        return say("recipe.typos", share=percent(self.share))

    def change(self, examples: Examples, tools: RecipeTools) -> Change:
        """Return what is done to a row's words."""
        return self._change

    def _change(self, words: list[str], free: Free, rng: np.random.Generator) -> list[str]:
        # A misspelt name is still a name; characters are left out and moved, which a span would not survive.
        able = [
            (len(w) >= _SHORTEST and w.isalpha()) or (bool(f) and is_character(w))
            for w, f in zip(words, free, strict=True)
        ]
        found = list(words)
        for place in chosen(np.array(able, bool), self.share, rng):
            if len(found[place]) > 1:
                found[place] = mistyped(found[place], rng)
            elif found[place]:
                following = place + 1 < len(words) and able[place + 1] and is_character(found[place + 1])
                _slip(found, place, int(rng.integers(3 if following else 2)))
        return found


def mistyped(word: str, rng: np.random.Generator) -> str:
    """Return a word with one slip; its first letter stays, which even careless fingers get right."""
    at = 1 + int(rng.integers(len(word) - 1))
    kind = int(rng.integers(5))
    if kind == 0 and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[: at + 1] + word[at:]
    if kind == 3 and (near := _near(word[at], rng)):
        return word[:at] + near + word[at + 1 :]
    return word.lower() if word != word.lower() else word.upper()


def _near(letter: str, rng: np.random.Generator) -> str:
    """Return a letter beside this one on the keyboard, in its case; nothing where the keyboard has none."""
    for row in _KEYS:
        at = row.find(letter.lower())
        if at >= 0:
            beside = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            found = beside[int(rng.integers(len(beside)))]
            return found.upper() if letter.isupper() else found
    return ""


def _slip(words: list[str], place: int, kind: int) -> None:
    """Type a character twice (0), not at all (1), or after the next one (2)."""
    if kind == 2:
        words[place], words[place + 1] = words[place + 1], words[place]
    else:
        words[place] = words[place] * 2 if kind == 0 else ""
