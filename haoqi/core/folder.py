"""Where things are kept on disk, and how they are written so that nothing is ever half there."""

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say

_NAME = re.compile(r"[^\W_][\w.\-]{0,99}")  # \w takes Chinese letters too


def home() -> Path:
    """Return the folder of runs, releases and caches: HAOQI_HOME, or ~/.haoqi."""
    return Path(os.environ.get("HAOQI_HOME") or Path.home() / ".haoqi").expanduser().absolute()


def cache(place: Path | None = None) -> Path:
    """Return the folder of what can be computed again (converted bases, the hardware probe); None: HAOQI_HOME."""
    return (place or home()) / "cache"


def runs(place: Path | None = None) -> Path:
    """Return the folder that holds every run, by name and then by identity, in a home; None: HAOQI_HOME."""
    return (place or home()) / "runs"


def releases(place: Path | None = None) -> Path:
    """Return the folder that holds every release, by name and then by version, in a home; None: HAOQI_HOME."""
    return (place or home()) / "releases"


def check_name(name: str) -> str:
    """Return a name that is safe as the name of a folder.

    Raises:
        UserError: unless it is 1-100 letters (of any script), digits, `.`, `-` and `_`, begins with a
            letter or digit, and holds no `..`.
    """
    if not _NAME.fullmatch(name) or ".." in name or name.endswith("."):
        raise UserError(say("name.bad", name=name), say("name.bad.hint"))
    return name


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, creating its folder if need be.

    Raises:
        UserError: if there is no space left, or the folder cannot be written to.
    """
    data = content.encode() if isinstance(content, str) else content
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically, readable by a person, keys in the order given."""
    write_atomic(path, json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Return what a JSON file of ours holds.

    Raises:
        UserError: if it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing", "the folder is damaged; begin again with --fresh") from None
    except (ValueError, UnicodeDecodeError):
        raise UserError(f"{path} is damaged", "the folder is damaged; begin again with --fresh") from None


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """Give a temporary folder beside `target`, which takes its place when the block ends well.

    A target that is already there is replaced whole. A killed process leaves only a folder whose name
    begins with a dot, which nothing reads.
    """
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        try:
            yield temporary
            temporary.chmod(0o755)
            if target.exists():
                old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.old."))
                target.replace(old / "old")
                temporary.replace(target)
                shutil.rmtree(old, ignore_errors=True)
            else:
                temporary.replace(target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn a full disk, a read-only folder and their kin into an error that a person can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(say("folder.full", path=path), say("folder.full.hint")) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise _refused(_failing(error, path), error.strerror or "") from None
        raise


def _failing(error: OSError, path: Path) -> Path:
    """Return what really could not be used: another path than the one at work, where the error names one.

    A temporary file beside that one stands for it.
    """
    named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
    return path if named.parent == path.parent and named.name.startswith(".") else named


def _refused(path: Path, why: str) -> UserError:
    """Return the error for a path that may not be used."""
    unread = path.exists() and not os.access(path, os.R_OK)
    hint = say("folder.home") if path.is_relative_to(home()) else say("folder.own", path=path)
    return UserError(say("folder.unread" if unread else "folder.unwritten", path=path, why=why), hint)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone; a killed process lets go by itself.

    Raises:
        UserError: if another process holds it.
    """
    import fcntl

    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(say("folder.busy", path=folder), say("folder.busy.hint")) from None
        yield
