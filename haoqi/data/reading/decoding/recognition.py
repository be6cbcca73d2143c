"""Which encoding a file is in: marks and zeros, UTF-8 with what is broken in it, or an older one; or no text at all."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from haoqi.core.errors import UserError
from haoqi.core.say import joined, say
from haoqi.data.reading.decoding.encodings import SAMPLE_BYTES, judge

HEAD_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 20
_LINE_BYTES = 4096

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings of seven bits, which announce themselves.
_ESCAPES = ((b"\x1b$B", "iso2022_jp"), (b"\x1b$@", "iso2022_jp"), (b"\x1b$)C", "iso2022_kr"))
# Forms of an encoding, from the usual to the widest; the first that has most characters of a file is taken.
_FORMS = {
    "big5": ("big5", "cp950", "big5hkscs"),
    "cp949": ("euc_kr", "cp949"),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "koi8-r": ("koi8-r", "koi8-u"),
}

_HIGH = bytes(range(0x80, 0x100))
_CONTINUATION = bytes(range(0x80, 0xC0))
_CONTROL = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
# Bytes that are no part of a character of several bytes in any encoding.
_APART = re.compile(rb"[\x20-\x2f]")
_USUAL_WIDE = re.compile(
    "[\t\n\r -~\u00a0-\u04ff\u2000-\u206f\u2190-\u21ff\u2500-\u26ff\u3000-\u30ff\u4e00-\u9fff"
    "\uac00-\ud7a3\uff00-\uffef]"
)


@dataclass(frozen=True)
class Recognised:
    """The encoding of a file, and how sure that is."""

    encoding: str
    """As Python and --encoding call it."""
    errors: str = "strict"
    """What to open the file with: "replace" where characters are broken."""
    runner_up: str | None = None
    """Another encoding that explains the bytes about equally, or what the broken ones look like."""
    note: str | None = None
    """What a person must be told: that it is a guess, or that characters are lost, and the flag that says otherwise."""
    broken: int = 0
    """Characters that are read as U+FFFD."""

    @property
    def described(self) -> str:
        """The plain name of the encoding with what is doubtful about it, in a few words."""
        name = self.encoding.removesuffix("-sig")
        if self.broken:
            return say("encoding.replaced", name=name, broken=self.broken)
        return say("encoding.perhaps", name=name, runner_up=self.runner_up) if self.runner_up else name


def recognised(stream: BinaryIO, path: Path) -> Recognised:
    """Return the encoding of all that a stream holds, keeping no more than a part of it at a time.

    Args:
        stream: the bytes, at their beginning.
        path: where they come from, for errors and notes.

    Raises:
        UserError: if they are no text.
    """
    start = stream.read(HEAD_BYTES)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return _with_losses(Recognised(name, broken=_broken(stream, name)), path)
    if (wide := _wide(start)) is not None:
        return _with_losses(Recognised(wide, broken=_broken(stream, wide)), path)
    _check_text(start, path)
    for escape, name in _ESCAPES:
        if escape in start and not _broken(stream, name):
            return Recognised(name)
    scan = _scan(stream)
    return _as_utf8(scan, path) if scan.is_utf8 else _as_older(scan, stream, path)


@dataclass
class _Scan:
    """What a pass over the bytes of a file counted."""

    lines: list[bytes] = field(default_factory=list)
    """The first ones with bytes above 0x7F."""
    high: int = 0
    """Bytes above 0x7F."""
    valid: int = 0
    """Characters beyond ASCII that are UTF-8."""
    broken: int = 0
    """Pieces that are not, less those that the beginning or the end of the file cut."""
    cut: int = 0
    """Characters that those ends cut."""

    @property
    def is_utf8(self) -> bool:
        """Whether it is UTF-8, with some broken characters at most.

        Cells that a database cut in the middle of a character have one each; another encoding has hardly a valid one.
        """
        if not self.broken:
            return not self.high or self.valid > 0
        return self.broken <= 0.02 * self.high or self.valid >= 3 * self.broken


def _scan(stream: BinaryIO) -> _Scan:
    """Return counts over all bytes of a stream, and its first lines with bytes above 0x7F."""
    scan, sampled, at = _Scan(), 0, 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    stream.seek(0)
    while part := stream.read(_CHUNK_BYTES):
        part += stream.readline(_LINE_BYTES)
        cut = _cut_off(part) if at == 0 else 0
        scan.cut += cut > 0
        at += len(part)
        text = decoder.decode(part[cut:] if cut else part)
        if len(text) == len(part) and text.isascii():
            continue
        plain = len(part.translate(None, _HIGH))
        broken = text.count("\ufffd") - part.count(b"\xef\xbf\xbd")
        scan.high += len(part) - plain
        scan.broken += broken
        scan.valid += len(text) - plain - broken
        if sampled < SAMPLE_BYTES:
            found = [piece for piece in _pieces(part) if not piece.isascii()]
            scan.lines += found
            sampled += sum(map(len, found))
    scan.cut += len(decoder.decode(b"", final=True))
    return scan


def _cut_off(start: bytes) -> int:
    """Return how many bytes at the beginning of a file can only be the rest of a character that stood before it."""
    count = len(start) - len(start.lstrip(_CONTINUATION))
    return count if count < 4 else 0


def _pieces(part: bytes) -> Iterator[bytes]:
    """Yield the lines of a content; long ones in pieces that cut no character in half."""
    for line in part.splitlines():
        if len(line) <= _LINE_BYTES:
            yield line
            continue
        at = 0
        while at < len(line):
            end = _APART.search(line, at + _LINE_BYTES)
            yield line[at : end.end() if end else len(line)]
            at = end.end() if end else len(line)


def _as_utf8(scan: _Scan, path: Path) -> Recognised:
    found = _with_losses(Recognised("utf-8", broken=scan.broken + scan.cut), path)
    # Lines that hold good characters, too, were cut; others may be in another encoding.
    odd = [line for line in scan.lines if line.decode("utf-8", "ignore").isascii()] if scan.broken else []
    if not odd or not found.note:
        return found
    other = judge(odd).encoding
    note = say("encoding.look_like", note=found.note, other=other)
    return replace(found, runner_up=other, note=note)


def _as_older(scan: _Scan, stream: BinaryIO, path: Path) -> Recognised:
    judged = judge(_up_to(scan.lines, SAMPLE_BYTES))
    broken = {name: _broken(stream, name) for name in _FORMS.get(judged.encoding, (judged.encoding,))}
    name = min(broken, key=lambda name: broken[name])
    found = _with_losses(Recognised(name, runner_up=judged.runner_up, broken=broken[name]), path)
    notes = [found.note] if found.note else []
    if judged.weak:
        notes.append(say("encoding.weak", file=path.name, name=name))
    elif judged.runner_up:
        facts = {"file": path.name, "name": name, "runner_up": judged.runner_up}
        words = {"first": judged.words[0], "second": judged.words[1]} if judged.words else {}
        notes.append(say("encoding.equally_words" if words else "encoding.equally", **facts, **words))
    elif found.note:
        notes.append(say("encoding.if_other"))
    return replace(found, note=joined(notes, by="list.semicolon") or None)


def _up_to(lines: list[bytes], most: int) -> list[bytes]:
    taken = 0
    for place, line in enumerate(lines):
        taken += len(line)
        if taken > most:
            return lines[: place + 1]
    return lines


def _with_losses(found: Recognised, path: Path) -> Recognised:
    """Return an encoding with a note on the characters that are broken in it, if there are any."""
    if not found.broken:
        return found
    name = found.encoding.removesuffix("-sig")
    note = say("encoding.broken", count=found.broken, n=found.broken, file=path.name, name=name)
    return replace(found, errors="replace", note=note)


def _broken(stream: BinaryIO, name: str) -> int:
    """Return how many pieces of a stream are not in an encoding."""
    try:
        for _ in _decoded(stream, name, "strict"):
            pass
    except UnicodeError:
        return max(1, sum(text.count("\ufffd") for text in _decoded(stream, name, "replace")))
    return 0


def _decoded(stream: BinaryIO, name: str, errors: str) -> Iterator[str]:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(name)(errors)
    while part := stream.read(_CHUNK_BYTES):
        yield decoder.decode(part)
    yield decoder.decode(b"", final=True)


def _wide(content: bytes) -> str | None:
    """Return the kind of UTF-16 without a mark, where every other byte of Latin text, and of line ends, is zero."""
    if b"\0" not in content:
        return None
    even, odd = content[0::2].count(0), content[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = content[: len(content) // 2 * 2].decode(name, "replace")
    if max(even, odd) < 0.2 * len(text) or min(even, odd) > 0.02 * len(text):
        usual = len(text) >= 10 and len(_USUAL_WIDE.findall(text)) >= 0.97 * len(text)
        return name if usual else None
    return name if sum(letter < " " and letter not in "\t\r\n" for letter in text) < 0.002 * len(text) else None


def _check_text(content: bytes, path: Path) -> None:
    """Raise UserError if the beginning of a file is no text.

    A few control characters make nothing binary, nor do many of one kind, which some programs part cells by. What
    was packed or computed holds all kinds of them, a tenth of its bytes and more.
    """
    controls = len(content) - len(content.translate(None, _CONTROL))
    kinds = sum(byte in content for byte in _CONTROL)
    packed = controls > 0.05 * len(content) and kinds > 4
    if packed or content.count(0) > 0.05 * len(content) or content.startswith(_SIGNATURES):
        raise UserError(say("file.no_text", path=str(path)), _instead(content, path))


_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")
_SIGNATURES = (*_PACKED, b"SQLite format 3\0", b"\x89PNG\r\n", b"GIF8", b"\xff\xd8\xff", b"%PDF-", b"PAR1", b"\x7fELF")


def _instead(content: bytes, path: Path) -> str:
    """Return what to do with a file that is no text."""
    if content.startswith(b"SQLite format 3"):
        return say("file.no_text.hint_sqlite", path=str(path))
    if content.startswith(_PACKED):
        return say("file.no_text.hint_packed")
    return say("file.no_text.hint")
