"""HTML from Python values: everything is escaped unless it is markup already.

Its sentences may hold markup; those of `core.say`, which other rooms make, are escaped like any text.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from html import escape
from importlib.resources import files
from typing import Any, TypeAlias

from haoqi.core.say import Sentence, known, worded

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""The page's languages, each with the tag that browsers know it by."""

VOID = frozenset({"meta", "link", "br", "hr", "input", "wbr", "col"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


class Said:
    """A sentence of ours, in every language of the page.

    Args:
        key: its name in texts/en.json and texts/zh.json; of one thing `key.one` is said where it exists (`worded`).
        values: what fills its gaps: plain values, markup, or other sentences.
    """

    def __init__(self, key: str, /, **values: Any) -> None:
        self.key = key
        self.values = values

    def within(self, language: str) -> Markup:
        """Return the sentence in one language, its values escaped."""
        template = worded(self.key, self.values, language)
        filled = {name: _piece(value, language) for name, value in self.values.items()}
        return Markup(escape(template, quote=False).format(**filled))


class Within(Said):
    """Something in an element, in every language of the page."""

    def __init__(self, name: str, child: Any, /) -> None:
        super().__init__(name)
        self.child = child

    def within(self, language: str) -> Markup:
        """Return the element in one language."""
        return Markup(f"<{self.key}>{_piece(self.child, language)}</{self.key}>")


def named(kind: str, name: str) -> "Said | str":
    """Return what a metric or task is called in every language; one that we do not know is called by its own name."""
    key = f"{kind}.{name}"
    return Said(key) if known(key) else name.replace("_", " ")


def listed(parts: "Sequence[Child]") -> "Child":
    """Return parts in a row, with what stands between two of them in each language; None for none."""
    return reduce(lambda first, last: Said("list.comma", first=first, last=last), parts) if parts else None


Child: TypeAlias = "str | int | Said | Iterable[Child] | None"


def resource(name: str) -> str:
    """Return a text file that lies beside this one."""
    return files("haoqi.report").joinpath(name).read_text(encoding="utf-8")


def tag(name: str, /, *children: Child, **attributes: Any) -> Markup:
    """Return an element; `class_` and `data_x` become class and data-x, None and False are left out.

    >>> tag("a", "1 < 2", href="#top", class_="quiet")
    '<a href="#top" class="quiet">1 &lt; 2</a>'
    """
    opening = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return children one after another: text escaped, sentences in every language, None left out."""
    return Markup("".join(_child(child) for child in children))


def _child(child: Any) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, Said | Sentence):
        said = {language: _piece(child, language) for language in LANGUAGES}
        if len(set(said.values())) == 1:
            return said["en"]
        return "".join(f'<span class="{k}" lang="{LANGUAGES[k]}">{words}</span>' for k, words in said.items())
    if isinstance(child, str | int | float):
        return escape(str(child), quote=False)
    return "".join(_child(one) for one in child)


def _piece(value: Any, language: str) -> Markup:
    """Return a value for a sentence's gap, in the sentence's language."""
    if isinstance(value, Said):
        return value.within(language)
    if isinstance(value, Sentence):
        return Markup(escape(value.within(language), quote=False))
    if isinstance(value, list | tuple):
        return Markup("".join(_piece(one, language) for one in value))
    return value if isinstance(value, Markup) else Markup(escape(str(value), quote=False))


def _attribute(key: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    if isinstance(value, float):
        value = f"{value:.2f}".rstrip("0").rstrip(".")
    return f' {name}="{escape(str(value))}"'
