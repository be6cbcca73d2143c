"""Bytes to characters: which encoding a file is in, and whether it is text at all."""

import codecs
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.decoding.recognition import HEAD_BYTES, Recognised, recognised


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
    return decode(read_bytes(path), path, encoding)


def decode(content: bytes, path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Return what `read_text` does, of content that was read from a path."""
    found = decode_told(content, path, encoding)
    return found.text, found.described


def decode_told(content: bytes, path: Path, encoding: str | None = None) -> Decoded:
    """Return the characters of a file's content with a warning where its encoding is a guess.

    Raises:
        UserError: if it is not text, or not in the encoding said.
    """
    known = Recognised(encoding) if encoding else recognise_told(content, path)
    try:
        text = content.decode(known.encoding, known.errors)
    except LookupError:
        raise UserError(say("encoding.unknown", encoding=known.encoding), say("encoding.unknown.hint")) from None
    except UnicodeError as error:
        hint = say("encoding.other.hint", recognise=recognise(content, path))
        raise UserError(
            say("encoding.other", path=str(path), encoding=known.encoding, error=str(error)), hint
        ) from None
    name = known.encoding.removesuffix("-sig")
    return Decoded(text.removeprefix("\ufeff"), name, known.described, known.note, known.runner_up)


def decode_all(contents: Sequence[tuple[Path, bytes]], encoding: str | None = None) -> list[Decoded]:
    """Return the characters of files that belong together, such as a folder's with a text each.

    Those that are not UTF-8 are judged as one, since one alone may hold too little to go by; the first of them has
    the note, if there is one.

    Raises:
        UserError: if one is not text, or not in the encoding said.
    """
    if encoding:
        return [decode_told(content, path, encoding) for path, content in contents]
    alone = [recognise_told(content, path) if content.strip() else Recognised("utf-8") for path, content in contents]
    odd = [place for place, known in enumerate(alone) if not known.encoding.startswith(("utf-", "iso2022"))]
    if len(odd) > 1:
        joint = recognise_told(b"\n".join(contents[place][1] for place in odd), contents[odd[0]][0])
        for place in odd:
            alone[place] = replace(joint, note=joint.note if place == odd[0] else None)
    found = []
    for known, (_, content) in zip(alone, contents, strict=True):
        text = content.decode(known.encoding, known.errors)
        name = known.encoding.removesuffix("-sig")
        found.append(Decoded(text.removeprefix("\ufeff"), name, known.described, known.note, known.runner_up))
    return found


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
