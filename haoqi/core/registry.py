"""Plug-ins found by their file: the file's name is the name a user types.

A registry lists a folder without importing it, so that help texts, documentation and contract tests
follow the files and heavy libraries stay unloaded until a plug-in is used. Other packages add theirs
through an entry point whose group is `haoqi.` and the folder's name, such as `haoqi.methods`, whose name
is the plug-in's name, and whose value is the module that registers it. One file is enough: a class that has sentences
of its own carries them as `texts`, by language and by key.
"""

import ast
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from haoqi.core.errors import UserError, unknown
from haoqi.core.say import learn

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# Files of a plug-in folder that are not plug-ins: the contract and its shared words.
PRIVATE = "_"

T = TypeVar("T")
Maker = TypeVar("Maker", bound=Callable[..., Any])


class Registry(Generic[T]):
    """The plug-ins of one kind.

    Args:
        kind: what one of them is called, singular: "method", "strategy".
        package: dotted name of the folder that holds them, a file each.
        skip: modules of that folder that are not plug-ins, such as the contract.
    """

    def __init__(self, kind: str, package: str, skip: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.package = package
        self.skip = frozenset(skip)
        self._found: dict[str, Callable[..., T]] = {}

    def register(self, maker: Maker) -> Maker:
        """Make a class or function known under the name of the file that defines it, and the words that it carries."""
        name = maker.__module__.rpartition(".")[2]
        known = self._found.get(name)
        if known is not None and _place(known) != _place(maker):
            raise UserError(f"two {self.kind} plug-ins are called {name}: {_place(known)}, {_place(maker)}")
        learn(getattr(maker, "texts", {}))
        self._found[name] = maker
        return maker

    def names(self) -> list[str]:
        """Return every name a user can type, sorted; nothing is imported for it."""
        return sorted({*self._files, *self._points})

    def get(self, name: str) -> Callable[..., T]:
        """Return what is registered under a name, importing its file if need be.

        Raises:
            UserError: if the name is not known, or its file registers nothing.
        """
        if name not in self._found:
            if name in self._files:
                import_module(f"{self.package}.{name}")
            elif name in self._points:
                self._points[name].load()
                self._adopt(name)
            else:
                raise unknown(self.kind, name, self.names())
        if name not in self._found:
            raise UserError(f"the file of the {self.kind} {name} registers nothing")
        return self._found[name]

    def build(self, name: str, **settings: Any) -> T:
        """Return the plug-in with these settings; settings it does not have raise UserError."""
        from haoqi.core.config import build

        return build(self.get(name), settings, f"the {self.kind} {name}")

    def bring_words(self, names: Iterable[str]) -> None:
        """Import those of some plug-ins that are of other packages, for the words that they carry.

        What was kept in a run or a release may name one that was not used since. One that is gone has no words.
        """
        for name in self._points.keys() & set(names):
            with suppress(Exception):
                self.get(name)

    def describe(self, name: str) -> str:
        """Return the first line of a plug-in's module docstring; nothing is imported for it."""
        text = ast.get_docstring(ast.parse(self.source(name))) or ""
        return text.strip().splitlines()[0] if text.strip() else ""

    def source(self, name: str) -> str:
        """Return the text of the file that defines a plug-in."""
        if name in self._files:
            return self._files[name].read_text(encoding="utf-8")
        if name in self._points:
            found = find_spec(self._points[name].module)
            if found is not None and found.origin is not None:
                return Path(found.origin).read_text(encoding="utf-8")
        raise unknown(self.kind, name, self.names())

    def _adopt(self, name: str) -> None:
        """Let an entry point's name stand for the plug-in that its module registered."""
        module = self._points[name].module
        for maker in list(self._found.values()):
            if maker.__module__ == module:
                self._found[name] = maker

    @cached_property
    def _files(self) -> dict[str, Path]:
        found = find_spec(self.package)
        assert found is not None and found.submodule_search_locations, self.package
        folder = Path(next(iter(found.submodule_search_locations)))
        files = (path for path in sorted(folder.glob("*.py")) if not path.stem.startswith(PRIVATE))
        return {path.stem: path for path in files if path.stem not in self.skip}

    @cached_property
    def _points(self) -> "dict[str, EntryPoint]":
        from importlib.metadata import entry_points

        group = f"haoqi.{self.package.rpartition('.')[2]}"
        return {point.name: point for point in entry_points(group=group)}


def _place(maker: Callable[..., Any]) -> str:
    return f"{maker.__module__}.{getattr(maker, '__qualname__', '')}"
