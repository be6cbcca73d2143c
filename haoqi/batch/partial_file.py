"""Answers that are being written: a file that grows by the window, so that a kill loses at most the last of them.

Beside OUT lie OUT.partial, the answers so far, and OUT.partial.journal: a line that says what is answered by what,
then a line for each window that has reached the disk. Both go when OUT is whole.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from haoqi.core.errors import UserError
from haoqi.core.folder import explained

FORMAT = 1
# How each of our journals begins, so that no other file is taken for one.
MARK = b'{"haoqi": "answers"'
BLOCK = 1 << 20
# Of a release, what is written for people.
PROSE = {".md", ".html"}
TOLD = {"advice.json"}
ANEW = "begin anew with --fresh, or name another --out"
Facts = Mapping[str, Any]
# Reads so many rows of the input and returns their digest.
Skip = Callable[[int], str]


@dataclass
class Partial:
    """A file of answers that is not yet whole."""

    out: Path
    path: Path
    journal: BinaryIO
    rows: int = 0
    """Rows whose answers have reached the disk."""
    consumed: int = 0
    """How much of the input was read for them."""
    size: int = 0
    """Bytes that they take."""

    def append(self, text: str, rows: int, *, consumed: int, mark: str) -> None:
        """Add the answers of some rows, and return when they have reached the disk.

        Args:
            text: as it stands in the file.
            rows: how many rows that is.
            consumed: how much of the input was read for all rows so far.
            mark: a digest of all rows so far.

        Raises:
            UserError: if the disk cannot take it; what was there stays.
        """
        data = text.encode("utf-8", "backslashreplace")  # half a surrogate pair is no character
        with explained(self.out), self.path.open("r+b") as file:
            file.seek(self.size)
            file.write(data)
            file.truncate()
            _reach_disk(file)
            self.rows, self.consumed, self.size = self.rows + rows, consumed, self.size + len(data)
            _write_line(self.journal, {"rows": self.rows, "seen": consumed, "bytes": self.size, "input": mark})

    def end(self, text: str) -> None:
        """Add what the file ends with, which is no answer: a command that goes on with the file writes it again.

        Raises:
            UserError: if the disk cannot take it; what was there stays.
        """
        with explained(self.out), self.path.open("r+b") as file:
            file.seek(self.size)
            file.write(text.encode())
            file.truncate()
            _reach_disk(file)

    def publish(self, *, force: bool) -> None:
        """Give the file its name: it appears whole.

        Args:
            force: whether a file of that name is replaced.

        Raises:
            UserError: if a file of that name has appeared meanwhile.
        """
        if force:
            self.path.replace(self.out)
        else:
            try:
                os.link(self.path, self.out)  # unlike a rename, it fails where a file has appeared meanwhile
            except FileExistsError:
                check_free(self.out, force=False)
            except OSError:
                self.path.replace(self.out)  # a file system without hard links
        self.forget()

    def forget(self) -> None:
        """Remove the partial answers and their journal."""
        self.path.unlink(missing_ok=True)
        _journal_of(self.out).unlink(missing_ok=True)
        with suppress(OSError):  # some file systems cannot
            folder = os.open(self.out.absolute().parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


@contextmanager
def partial(out: Path, facts: Facts, skip: Skip, *, first: str, fresh: bool) -> Iterator[Partial]:
    """Give the answers that a stopped command left, or a new file of them, for this process alone.

    When the block fails, what has reached the disk stays; it is removed where there is none of it.

    Args:
        out: the file that is to be.
        facts: what answers what and how, as JSON can hold it: "release", "digest", "settings" and "file".
        skip: is called with the number of rows that are answered, to read on after them.
        first: what a new file begins with.
        fresh: forget what is there.

    Raises:
        UserError: if what is there came of another release, other settings or another input, is damaged or is not
            ours, or another process is at work on it.
    """
    path = out.with_name(f"{out.name}.partial")
    with explained(out):
        journal = _locked(_journal_of(out), out)
    with journal:
        found = Partial(out, path, journal)
        lines = _lines(journal, _journal_of(out))
        if not lines and not fresh and path.exists() and path.stat().st_size:
            _journal_of(out).unlink()
            raise UserError(f"{path} is there, but no journal of what it holds", f"move it away, or {ANEW}")
        if not fresh and len(lines) > 1 and path.is_file() and not _is_published(path):
            _take_up(found, facts, lines, skip)
        else:
            _begin(found, facts, first)
        try:
            yield found
        except BaseException:
            if not found.rows:
                found.forget()
            raise


def digest_of(folder: Path) -> str:
    """Return a digest of all in a release's folder that its answers depend on.

    Large files count by their names and sizes: the cards beside them hold their checksums, which loading verifies.
    """
    digest = hashlib.sha256()
    told = (path for path in folder.rglob("*") if path.suffix in PROSE or path.name in TOLD)
    for path in sorted({path for path in folder.rglob("*") if path.is_file()}.difference(told)):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        digest.update(path.read_bytes() if size < BLOCK else b"")
    return digest.hexdigest()


def check_free(out: Path, *, force: bool, option: str = "--out") -> None:
    """Raise UserError unless a file can be written here without loss."""
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise UserError(
            f"{out} cannot be written: {'it is a folder' if out.is_dir() else 'its folder is not there'}",
            "name a file in a folder that is there",
        )
    if out.exists() and not force:
        raise UserError(f"{out} is already there", f"name another file with {option}, or replace it with --force")


def _begin(found: Partial, facts: Facts, first: str) -> None:
    """Write the first line of a journal, and then an empty file of answers."""
    with explained(found.out):
        found.journal.truncate(0)
        _write_line(found.journal, {"haoqi": "answers", "format": FORMAT, **facts})
        found.path.unlink(missing_ok=True)
        with found.path.open("xb") as file:
            file.write(first.encode())
            _reach_disk(file)
            found.size = file.tell()


def _take_up(found: Partial, facts: Facts, lines: list[bytes], skip: Skip) -> None:
    """Go on after the last line of a journal, or raise UserError unless that is the beginning of what is asked for."""
    try:
        head, *_, last = map(json.loads, lines)
        rows, consumed, size, mark = (last[name] for name in ("rows", "seen", "bytes", "input"))
        if head["format"] != FORMAT or found.path.stat().st_size < size:
            raise ValueError(size)
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{found.path} and its journal do not belong together", ANEW) from None
    holds = f"{found.path} holds {rows:,} answers"
    if head["release"] != facts["release"]:
        raise UserError(
            f"{holds} of {head['release']}, and {facts['release']} is to answer now",
            f"go on with haoqi predict {head['release']}, {ANEW}",
        )
    if head["digest"] != facts["digest"]:
        raise UserError(f"{holds} of {facts['release']} as it was before it was changed", ANEW)
    if differing := _differing(head["settings"], facts["settings"]):
        raise UserError(f"{holds} given under other settings: {differing}", ANEW)
    if skip(rows) != mark:
        raise UserError(f"{holds} to other rows than the first of {facts['file']}", ANEW)
    found.rows, found.consumed, found.size = rows, consumed, size


def _differing(before: Facts, now: Facts) -> str:
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(f"{name} {before.get(name)!r}, now {now.get(name)!r}" for name in names)


def _is_published(path: Path) -> bool:
    """Return whether answers have their name already: a kill came between that and the removal of the old one."""
    return path.is_file() and path.stat().st_nlink > 1


def _locked(place: Path, out: Path) -> BinaryIO:
    """Return the journal, open for this process alone; a killed process lets go by itself."""
    file = place.open("a+b")
    with suppress(BlockingIOError, FileNotFoundError):  # the latter: the other process has just finished
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file.fileno()).st_ino == place.stat().st_ino:
            return file
    file.close()
    raise UserError(f"another process is writing answers to {out}", "wait for it, stop it, or name another --out")


def _lines(journal: BinaryIO, place: Path) -> list[bytes]:
    """Return the lines of a journal that are whole; a kill can tear the last."""
    journal.seek(0)
    text = journal.read()
    if not text.startswith(MARK[: len(text)]):
        raise UserError(f"{place} is there, and is no journal of answers", "move it away, or name another --out")
    whole = text[: text.rfind(b"\n") + 1]
    if len(whole) < len(text):
        journal.truncate(len(whole))
    return whole.splitlines()


def _write_line(journal: BinaryIO, content: Mapping[str, Any]) -> None:
    journal.write(json.dumps(content, ensure_ascii=False).encode() + b"\n")
    _reach_disk(journal)


def _reach_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _journal_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial.journal")
