"""Sentences in every language: what is said is a key and facts, and the words of it are chosen at the edge.

say("search.again", count=3)            a `Sentence`: a string in English, so that logs and JSON are as they were
spoken(sentence, "zh")                  the same in Chinese; a plain string stays as it is

The words lie beside whatever says them, in `texts/en.json` and `texts/zh.json` of its folder, at any depth; a plug-in
of another package brings its own (`learn`). A gap is written as for
`str.format`, with a format where the fact is a number. Where there is a `key.one` it is said of one thing: n is 1, or
without an n the first number that the sentence names.
"""

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache, reduce
from json import loads
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh")
ENGLISH = "en"

# In this order, as POSIX has it: the first that is set decides.
_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_PACKAGE = Path(__file__).parent.parent
_GAP = re.compile(r"{(\w+)")


class Sentence(str):
    """A sentence of ours: a string in English that can be said in every language.

    Whatever is made of it by the means of strings is plain English text.

    Args:
        key: its name in the texts.
        facts: what fills its gaps: numbers, names, other sentences.
    """

    key: str
    facts: Mapping[str, Any]

    def __new__(cls, key: str, facts: Mapping[str, Any]) -> "Sentence":
        made = super().__new__(cls, _filled(key, facts, ENGLISH))
        made.key, made.facts = key, facts
        return made

    def within(self, language: str) -> str:
        """Return the sentence in one language."""
        return str(self) if language == ENGLISH else _filled(self.key, self.facts, language)

    def __deepcopy__(self, memo: object) -> "Sentence":
        return self  # nothing of it changes

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key, self.facts)


def say(key: str, /, **facts: Any) -> Sentence:
    """Return a sentence.

    Raises:
        KeyError: if the texts have no such key, or it has a gap that no fact fills.
    """
    return Sentence(key, facts)


def joined(parts: Sequence[str], by: str = "list.comma") -> str:
    """Return parts in a row, with what stands between two of them in each language; nothing for none.

    >>> str(joined(["a", "b", "c"])), str(joined(["a", "b"], by="list.and"))
    ('a, b, c', 'a and b')
    """
    return reduce(lambda first, last: say(by, first=first, last=last), parts) if parts else ""


def spoken(text: str, language: str | None = None) -> str:
    """Return a sentence in a language, the console's where none is named; any other text as it is."""
    return text.within(language or console()) if isinstance(text, Sentence) else text


def message_of(error: Exception) -> str:
    """Return what an error says: the sentence that was raised, where it was one."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Sentence) else str(error)


def console() -> str:
    """Return the language of the terminal: HAOQI_LANG if that is one of ours, else the locale's, else English."""
    asked = os.environ.get("HAOQI_LANG", "").strip().lower()
    found = next((one for one in LANGUAGES if asked.startswith(one)), None)
    if found is not None:
        return found
    locale = next((value for name in _LOCALE if (value := os.environ.get(name))), "")
    return "zh" if locale.lower().startswith("zh") else ENGLISH


def named(kind: str, name: str, otherwise: str | None = None) -> str:
    """Return what a method, a metric, a setting is called in every language; one that is not ours by its own name."""
    key = f"{kind}.{name}"
    return say(key) if known(key) else name if otherwise is None else otherwise


def known(key: str) -> bool:
    """Return whether the texts have a key."""
    return key in texts(ENGLISH)


@cache
def texts(language: str) -> dict[str, str]:
    """Return the words of one language by key, of all folders that have some, and of plug-ins that brought theirs."""
    found: dict[str, str] = {}
    for path in sorted(_PACKAGE.rglob(f"texts/{language}.json")):
        found |= loads(path.read_text(encoding="utf-8"))
    return found


def learn(words: Mapping[str, Mapping[str, str]]) -> None:
    """Add what a plug-in says: by language, its words by key; what is known already stays as it is.

    A language that it leaves out is told in English. Keys that English lacks are never asked for.
    """
    english = words.get(ENGLISH, {})
    for language in LANGUAGES:
        known = texts(language)
        for key, template in {**english, **words.get(language, {})}.items():
            if key in english:
                known.setdefault(key, template)


def saved(value: Any) -> Any:
    """Return what JSON can hold of plain values and sentences, so that `restored` has these in every language."""
    if isinstance(value, Sentence):
        return {"key": value.key, "facts": saved(value.facts), "text": str(value)}
    if isinstance(value, Mapping):
        return {name: saved(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [saved(one) for one in value]
    return value.item() if hasattr(value, "item") else value  # numbers of NumPy


def gathered(*values: Any) -> list[Any]:
    """Return the sentences within values, keys of mappings too, as what JSON can hold beside the values in English."""
    found: dict[str, Any] = {}

    def look(value: Any) -> None:
        if isinstance(value, Sentence):
            found.setdefault(str(value), saved(value))
        elif isinstance(value, Mapping):
            look([*value, *value.values()])
        elif isinstance(value, list | tuple):
            for one in value:
                look(one)

    look(values)
    return list(found.values())


def recalled(plain: Any, sentences: Sequence[Any]) -> Any:
    """Return values in English with the sentences that `gathered` found in their places, keys of mappings too."""
    known = {str(one): one for one in map(restored, sentences)}

    def put(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {put(name): put(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [put(one) for one in value]
        return known.get(value, value) if isinstance(value, str) else value

    return put(plain)


def restored(plain: Any) -> Any:
    """Return what `saved` made plain; a sentence whose words have changed since is told as it was, in English."""
    if isinstance(plain, list):
        return [restored(one) for one in plain]
    if not isinstance(plain, Mapping):
        return plain
    found = {name: restored(one) for name, one in plain.items()}
    if found.keys() != {"key", "facts", "text"}:
        return found
    try:
        made = Sentence(found["key"], found["facts"])
    except (KeyError, ValueError):
        return found["text"]
    return made if made == found["text"] else found["text"]


def worded(key: str, facts: Mapping[str, Any], language: str) -> str:
    """Return the words of one language for a key and these facts, gaps and all.

    >>> worded("data.rows_left_out", {"count": 1, "reason": "no text"}, "en")
    '{count:,} row left out: {reason}'

    Raises:
        KeyError: no language has such words.
    """
    table, one = texts(language), f"{key}.one"
    if one not in table:
        return table[key]
    told = ((name, facts[name]) for name in ("n", *_GAP.findall(table[key])) if name in facts)
    first = next((value for name, value in told if isinstance(value, int) or name in ("n", "count")), None)
    return table[one if first in (1, "1") else key]


def _filled(key: str, facts: Mapping[str, Any], language: str) -> str:
    template = worded(key, facts, language)
    said = {name: value.within(language) if isinstance(value, Sentence) else value for name, value in facts.items()}
    return template.format(**said)
