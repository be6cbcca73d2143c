"""Bytes to characters: which encoding a file is in, and whether it is text at all."""

import codecs
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.reading.decoding.recognition import HEAD_BYTES, Recognised, recognised


@dataclass(frozen=True)
class Decoded:
    """The characters of a file, without a byte order mark, and how they were found."""

    text: str
    encoding: str
    """Its plain name."""
    described: str
    """The same with what is doubtful about it, in a few words."""
    note: str | None = None
    """A warning for people that names --encoding; None where there is no doubt."""
    runner_up: str | None = None


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        UserError: if it is not there, may not be read, or is empty.
    """
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise UserError(say("file.none", path=str(path)), say("file.none.hint")) from None
    except OSError as error:
        raise UserError(say("file.unreadable", path=str(path), strerror=error.strerror)) from None
    if not found.strip():
        raise UserError(say("file.empty", path=str(path)), say("file.empty.hint"))
    return found


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Return the characters of a text file, without a byte order mark, and its encoding as `Decoded.described`.

    Args:
        path: the file.
        encoding: as a person said it; recognised when None.

    Raises:
        UserError: if there is no such file, it is empty, not text, or not in the encoding said.
    """
    found = read_told(path, encoding)
    return found.text, found.described


def read_told(path: Path, encoding: str | None = None) -> Decoded:
    """Return what `decode_told` does of a file; what was recognised when it was looked at is not found out again.

    Raises:
        UserError: as `read_text`.
    """
    content = read_bytes(path)
    return decode_told(content, path, encoding or recognise_file(path))


def decode(content: bytes, path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Return what `read_text` does, of content that was read from a path."""
    found = decode_told(content, path, encoding)
    return found.text, found.described


def decode_told(content: bytes, path: Path, encoding: str | Recognised | None = None) -> Decoded:
    """Return the characters of a file's content with a warning where its encoding is a guess.

    Raises:
        UserError: if it is not text, or not in the encoding said.
    """
    known = Recognised(encoding) if isinstance(encoding, str) else encoding or recognise_told(content, path)
    try:
        return _decoded(content, known)
    except LookupError:
        raise UserError(say("encoding.unknown", encoding=known.encoding), say("encoding.unknown.hint")) from None
    except UnicodeError as error:
        hint = say("encoding.other.hint", recognise=recognise(content, path))
        raise UserError(
            say("encoding.other", path=str(path), encoding=known.encoding, error=str(error)), hint
        ) from None


def decode_all(contents: Sequence[tuple[Path, bytes]], encoding: str | None = None) -> list[Decoded | None]:
    """Return the characters of files that belong together, such as a folder's with a text each; None: no text.

    Those that are not UTF-8 are judged as one, since one alone may hold too little to go by, unless together they look
    like none of what they are alone; the first of them has the note, if there is one.

    Raises:
        UserError: if one is not in the encoding said.
    """
    if encoding:
        return [decode_told(content, path, encoding) for path, content in contents]
    known = [_recognised(content, path) for path, content in contents]
    odd = [at for at, one in enumerate(known) if one and not one.encoding.startswith(("utf-", "iso2022"))]
    guesses = {one.encoding for at in odd if (one := known[at])}
    joint = _recognised(b"\n".join(contents[at][1] for at in odd), contents[odd[0]][0]) if len(odd) > 1 else None
    if joint and joint.encoding in guesses:
        for at in odd:
            if _explains(joint, contents[at][1]):
                known[at] = replace(joint, note=joint.note if at == odd[0] else None)
    return [_decoded(content, one) if one else None for one, (_, content) in zip(known, contents, strict=True)]


def _recognised(content: bytes, path: Path) -> Recognised | None:
    """Return the encoding of a content that may be empty; None for what is no text."""
    try:
        return recognise_told(content, path) if content.strip() else Recognised("utf-8")
    except UserError:
        return None


def _explains(known: Recognised, content: bytes) -> bool:
    try:
        content.decode(known.encoding, known.errors)
    except UnicodeError:
        return False
    return True


def _decoded(content: bytes, known: Recognised) -> Decoded:
    """Return the characters of a content in an encoding.

    Raises:
        UnicodeError: if it is not in that encoding.
        LookupError: if there is no such encoding.
    """
    text, name = content.decode(known.encoding, known.errors), known.encoding.removesuffix("-sig")
    return Decoded(text.removeprefix("\ufeff"), name, known.described, known.note, known.runner_up)


def recognise(content: bytes, path: Path) -> str:
    """Return the encoding of a file's content, as Python calls it.

    Raises:
        UserError: if the content is no text.
    """
    return recognise_told(content, path).encoding


def recognise_told(content: bytes, path: Path) -> Recognised:
    """Return the encoding of a file's content with its runner-up, where there is one, and what to tell of both.

    Raises:
        UserError: if the content is no text.
    """
    return recognised(io.BytesIO(content), path)


def recognise_file(path: Path) -> Recognised:
    """Return what `recognise_told` does of a file's content, holding no more than a part of it at a time.

    Raises:
        UserError: if there is no such file, or it is empty or no text.
    """
    try:
        state = path.stat()
        found = _recognised_file(path, state.st_size, state.st_mtime_ns)
    except FileNotFoundError:
        raise UserError(say("file.none", path=str(path)), say("file.none.hint")) from None
    except OSError as error:
        raise UserError(say("file.unreadable", path=str(path), strerror=error.strerror)) from None
    if found is None:
        raise UserError(say("file.empty", path=str(path)), say("file.empty.hint_text"))
    return found


def head(path: Path, encoding: str | None = None) -> str:
    """Return the first characters of a file, or nothing where it is no text; for looking, not for reading."""
    try:
        state = path.stat()
        return _head(path, state.st_size, state.st_mtime_ns, encoding)
    except (OSError, UserError):
        return ""


@lru_cache(maxsize=64)
def _head(path: Path, size: int, changed: int, encoding: str | None) -> str:
    with path.open("rb") as file:
        content = file.read(HEAD_BYTES)
    known = None if encoding else _recognised_file(path, size, changed)
    name = encoding or (known.encoding if known else "utf-8")
    try:
        errors = "strict" if encoding else "replace"
        return codecs.getincrementaldecoder(name)(errors).decode(content).removeprefix("\ufeff")
    except (LookupError, UnicodeError):
        return ""


@lru_cache(maxsize=64)
def _recognised_file(path: Path, size: int, changed: int) -> Recognised | None:
    with path.open("rb") as file:
        if not file.read(HEAD_BYTES).strip() and size <= HEAD_BYTES:
            return None
        file.seek(0)
        return recognised(file, path)
