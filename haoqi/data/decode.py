"""Bytes to characters: which encoding a file is in, and whether it is text at all."""

import codecs
import re
from functools import lru_cache
from pathlib import Path

from haoqi.core.errors import UserError

HEAD_BYTES = 1 << 18

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# GB 2312, which nearly all of GB18030 as met in files is: two bytes, both above 0xA0.
_TWO_BYTES = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        UserError: if it is not there, may not be read, or is empty.
    """
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"there is no file {path}", "check the spelling and the folder you are in") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if not found.strip():
        raise UserError(f"{path} is empty", "give a file with a text and a label in each row")
    return found


def read_text(path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Return the characters of a text file, without a byte order mark, and the name of its encoding.

    Args:
        path: the file.
        encoding: as a person said it; recognised when None.

    Raises:
        UserError: if there is no such file, it is empty, not text, or not in the encoding said.
    """
    return decode(read_bytes(path), path, encoding)


def decode(content: bytes, path: Path, encoding: str | None = None) -> tuple[str, str]:
    """Return what `read_text` does, of content that was read from a path."""
    name = encoding or recognise(content, path)
    try:
        if not encoding and name == "utf-8" and (broken := _broken(content)):
            return content.decode(name, "replace"), f"utf-8, {broken} broken characters replaced"
        text = content.decode(name)
    except LookupError:
        raise UserError(f"there is no encoding {name}", "try utf-8, gb18030, utf-16 or latin-1") from None
    except UnicodeError as error:
        hint = f"it looks like {recognise(content, path)}; leave --encoding out to have it recognised"
        raise UserError(f"{path} is not in the encoding {name}: {error}", hint) from None
    return text.removeprefix("\ufeff"), name.removesuffix("-sig")


def recognise(content: bytes, path: Path) -> str:
    """Return the encoding of a file's content: UTF-8, UTF-16, UTF-32, GB18030 or Windows-1252.

    Raises:
        UserError: if the content is no text.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    if (wide := _wide(content[:HEAD_BYTES])) is not None:
        return wide
    if len(_CONTROL.findall(content[:HEAD_BYTES])) > 0.002 * min(len(content), HEAD_BYTES):
        raise UserError(f"{path} is not a text file", _instead(content, path))
    high = len(_HIGH.findall(content))
    # A few broken characters do not make a file of UTF-8 anything else.
    if not (broken := _broken(content)) or broken <= 0.02 * high:
        return "utf-8"
    if 2 * len(_TWO_BYTES.findall(content)) > 0.8 * high and _decodes(content, "gb18030"):
        return "gb18030"
    # Windows-1252 is what files called Latin-1 are in; the five bytes that it lacks are left to Latin-1 itself.
    return "cp1252" if _decodes(content, "cp1252") else "latin-1"


@lru_cache(maxsize=64)
def _head(path: Path, size: int, changed: int, encoding: str | None) -> str:
    with path.open("rb") as file:
        content = file.read(HEAD_BYTES)
    name = encoding or recognise(_whole_characters(content, size), path)
    try:
        errors = "strict" if encoding else "replace"
        return codecs.getincrementaldecoder(name)(errors).decode(content).removeprefix("\ufeff")
    except (LookupError, UnicodeError):
        return ""


def head(path: Path, encoding: str | None = None) -> str:
    """Return the first characters of a file, or nothing where it is no text; for looking, not for reading."""
    try:
        state = path.stat()
        return _head(path, state.st_size, state.st_mtime_ns, encoding)
    except (OSError, UserError):
        return ""


def _whole_characters(content: bytes, size: int) -> bytes:
    """Return the content up to its last line, so that no character is cut in half."""
    return content if len(content) == size else content[: content.rfind(b"\n") + 1] or content[:-4]


def _wide(content: bytes) -> str | None:
    """Return the kind of UTF-16 without a mark: there every other byte of Latin text and digits is zero."""
    even, odd = content[0::2].count(0), content[1::2].count(0)
    pairs = max(1, len(content) // 2)
    if max(even, odd) < 0.2 * pairs or min(even, odd) > 0.02 * pairs:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = content[: 2 * pairs].decode(name, "replace")
    return name if sum(letter < " " and letter not in "\t\r\n" for letter in text) < 0.002 * len(text) else None


def _instead(content: bytes, path: Path) -> str:
    """Return what to do with a file that is no text."""
    if content.startswith(b"SQLite format 3"):
        return f'ask the database: sqlite:///{path} --query "select text, label from ..."'
    if content.startswith((b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z")):
        return "it is an archive: unpack it first"
    return "give CSV, JSON, Parquet, Excel or plain text"


def _broken(content: bytes) -> int:
    """Return how many pieces of a content are not UTF-8."""
    try:
        content.decode("utf-8")
        return 0
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace").count("\ufffd") - content.count(b"\xef\xbf\xbd")


def _decodes(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except UnicodeDecodeError:
        return False
    return True
