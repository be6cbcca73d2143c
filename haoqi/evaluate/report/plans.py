"""A plan in every language: what it learns from and how is known by how `Plan.words` says it.

Names of methods, bases and settings stay as they are typed.
"""

import re
from collections.abc import Iterator

from haoqi.evaluate.report.markup import Child, Said

_SHARE = r"(?P<share>[\d.]+%)"
_COUNT = r"(?P<count>\d+)"

KNOWN: tuple[tuple[str, str], ...] = (
    ("share", rf"{_SHARE} of the examples"),
    ("seed", r"seed (?P<seed>\d+)"),
    ("back_translate", rf"also from {_COUNT} texts translated there and back"),
    ("balance_weighed", rf"rare labels weighed to {_SHARE} of balance"),
    ("balance_repeated", rf"rare labels repeated to {_SHARE} of balance"),
    ("corrected", r"suspect labels corrected"),
    ("corrected_most", rf"the {_SHARE} most suspect labels corrected"),
    ("cut_texts", r"also from the (?P<parts>.+?) of long texts"),
    ("delete_words", rf"also from copies without {_SHARE} of the words"),
    ("distil", rf"{_SHARE} from what a better model answers"),
    ("dropped", r"without suspect labels"),
    ("dropped_most", rf"without the {_SHARE} most suspect labels"),
    ("early_learning", r"held to early answers"),
    ("hide_some", rf"with some words hidden \({_SHARE}\)"),
    ("hide_tokens", rf"with (?P<tokens>.+?) hidden \({_SHARE}\)"),
    ("neighbour_words", rf"also from copies with {_SHARE} of the words replaced by neighbours"),
    ("paraphrase", rf"also from paraphrases of {_COUNT} texts"),
    ("recent", rf"rows counting half after {_SHARE} of the time"),
    ("self_train", rf"also from answers to unlabelled texts that are {_SHARE} sure"),
    ("softened", r"suspect labels softened"),
    ("softened_most", rf"the {_SHARE} most suspect labels softened"),
    ("swap_words", rf"also from copies with {_SHARE} of the words swapped"),
    ("typos", rf"also from copies with typos in {_SHARE} of the words"),
)
"""Name of a phrase in the texts to the words that `Plan.words` has for it."""

_PHRASES = tuple((name, re.compile(rf"{pattern}(?=, |$)", re.DOTALL)) for name, pattern in KNOWN)
_METHOD = re.compile(r"(?P<method>[\w-]+) of (?P<base>[^,]+)(?=, |$)")
_ENSEMBLE = "ensemble of "
_COMMA = ", "


def spoken(words: str) -> Said:
    """Return a plan in every language, as `Plan.words` tells it in English.

    >>> spoken("probe of minilm, 50% of the examples").within("zh")
    'minilm 上的 probe，50% 的样本'
    """
    if words.startswith(_ENSEMBLE):
        return Said("plan.ensemble", members=_joined([_member(one) for one in _members(words)], "plan.and"))
    return Said("plan", parts=_joined(list(_parts(words)), "plan.comma"))


def _parts(words: str) -> Iterator[Child]:
    """Yield the method and what a plan changes, one after another; what is not known as it is."""
    at = 0
    if found := _METHOD.match(words):
        yield Said("plan.of", **found.groupdict())
        at = found.end() + len(_COMMA)
    while at < len(words):
        name, found = next(((name, m) for name, one in _PHRASES if (m := one.match(words, at))), ("", None))
        end = found.end() if found else words.find(_COMMA, at)
        end = len(words) if end < 0 else end
        yield _phrase(name, found) if found else words[at:end]
        at = end + len(_COMMA)


def _phrase(name: str, found: re.Match[str]) -> Said:
    held: dict[str, Child] = dict(found.groupdict())
    if name == "cut_texts":
        held["parts"] = _joined([_part(one) for one in found["parts"].split(_COMMA)], "plan.comma")
    return Said(f"plan.{name}", **held)


def _part(name: str) -> Said:
    return Said(f"plan.part.{name.replace(' ', '_')}")


def _member(words: str) -> Said:
    return Said("plan.member", plan=spoken(words))


def _members(words: str) -> Iterator[str]:
    """Yield the members of an ensemble, which stand in brackets that may hold others."""
    depth, start = 0, 0
    for at, letter in enumerate(words):
        depth += (letter == "(") - (letter == ")")
        if letter == "(" and depth == 1:
            start = at + 1
        elif letter == ")" and depth == 0:
            yield words[start:at]


def _joined(told: list[Child], between: str) -> list[Child]:
    return [one for place, part in enumerate(told) for one in ((part,) if place == 0 else (Said(between), part))]
