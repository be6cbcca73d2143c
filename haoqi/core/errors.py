"""The one error a person is meant to read."""

from collections.abc import Iterable
from importlib import import_module
from types import ModuleType

from haoqi.core.say import named, say


class UserError(Exception):
    """Something the person at the keyboard can put right.

    It is shown as two plain lines in the terminal, in the studio and in an HTTP answer, and ends a
    command with exit code 2.

    Args:
        what: what was found and what was needed, with the values.
        hint: what to do or type next; may be empty.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n  hint: {self.hint}" if self.hint else self.what


def unknown(kind: str, name: str, known: Iterable[str]) -> UserError:
    """Return the error for a name that nothing answers to, with the nearest right one as its hint.

    >>> print(unknown("method", "tfdif", ["tfidf", "probe"]))
    there is no method tfdif
      hint: did you mean tfidf? The methods are: probe, tfidf
    """
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    listed = ", ".join(names) if len(names) <= 30 else ", ".join(names[:30]) + ", ..."
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else kind if kind.endswith("s") else f"{kind}s"
    called = named("kind", plural.replace(" ", "_"), plural)
    choices = say("unknown.choices", kinds=called, names=listed) if names else say("unknown.none", kinds=called)
    hint = say("unknown.near", near=near[0], choices=choices) if near else choices
    return UserError(say("unknown.what", kind=named("one", kind.replace(" ", "_"), kind), name=name), hint)


def require(module: str, extra: str) -> ModuleType:
    """Import an optional library, or say which install line brings it.

    Args:
        module: dotted name to import.
        extra: the extra of this package that contains it.

    Raises:
        UserError: if the library is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise UserError(
            say("library.missing", name=error.name),
            f'pip install "haoqi[{extra}]"',
        ) from None
