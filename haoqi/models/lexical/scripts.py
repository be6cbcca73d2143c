"""Scripts of characters, such as Han and Cyrillic: which ones texts are written in, and how much of each."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from unicodedata import category, name

ACCENTED = "Latin beyond ASCII"
# The first word of a character's Unicode name tells its script, but for these.
_HAN = {"CJK", "IDEOGRAPHIC", "HANGZHOU", "VERTICAL"}
_SHARED = {"COMBINING", "MODIFIER", "VARIATION"}
_FORMS = {"FULLWIDTH", "HALFWIDTH"}


@cache
def script_of(character: str) -> str:
    """Return the script of a letter or vowel sign; "" for digits, marks, emoji and all else that scripts share.

    Latin letters within ASCII, which every European language uses, are told from those beyond it.

    >>> [script_of(one) for one in "a好éЖ5。"]
    ['Latin', 'Han', 'Latin beyond ASCII', 'Cyrillic', '', '']
    """
    if category(character)[0] not in "LM":
        return ""
    if character.isascii():
        return "Latin"
    words = [word for word in name(character, "").replace("-", " ").split() if word not in _FORMS]
    if not words or words[0] in _SHARED:
        return ""
    if words[0] in _HAN:
        return "Han"
    return ACCENTED if words[0] == "LATIN" else words[0].capitalize()


def scripts_of(text: str) -> frozenset[str]:
    """Return the scripts that a text has letters of."""
    return frozenset(map(script_of, set(text))) - {""}


def script_shares(texts: Iterable[str], normalised: Callable[[str], str] = str) -> dict[str, float]:
    """Return each script's share of all letters, in [0, 1], largest first.

    Args:
        texts: what is looked at.
        normalised: what becomes of a character before its script is told, such as a tokenizer's normaliser.
    """
    characters: Counter[str] = Counter()
    for text in texts:
        characters.update(text)
    letters: Counter[str] = Counter()
    for character, count in characters.items():
        for one in normalised(character):
            if script := script_of(one):
                letters[script] += count
    return {script: count / letters.total() for script, count in letters.most_common()}
