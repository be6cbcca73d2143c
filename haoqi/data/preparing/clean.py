"""Clean texts: characters mended, markup, control characters and surplus white space gone; originals are kept."""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence

# Only names of HTML: <e1>, <3 and "a < b" are somebody's text.
_NAMES = (
    "a abbr article b big blockquote body br button center code dd div dl dt em figure font footer form h[1-6] head "
    "header hr html i iframe img input li link main meta nav noscript ol option p pre s script section select small "
    "span strike strong style sub sup svg table tbody td tfoot th thead title tr u ul video"
)
_BLOCK = re.compile(r"(?is)<(script|style)\b[^>]*>.*?</\1\s*>|<!--.*?-->")
_TAG = re.compile(rf"(?i)</?(?:{'|'.join(_NAMES.split())})(?:\s[^<>]*)?/?>")
_BREAK = re.compile(r"(?i)<(?:br|/p|/div|/li|/tr|/h[1-6])\s*/?>")
# Entities that lost their ampersand on the way, as in " #39;" and " quot;" of old news wires.
_LOST = re.compile(r"\s?(?<![&\w])(?:#(\d{2,4})|(quot));(?=(\w?))|(?<![&\w])(amp|lt|gt|nbsp);")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f\x80-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]"
)
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_LINES = re.compile(r" ?\n[ \n]*")
# A text of plain characters with none of these comes out as it went in.
_SUSPECT = re.compile(r"[<&;\x00-\x1f\x7f]")
# Bytes of UTF-8 read in a one-byte encoding always leave one of these; other texts need no mending.
_MISREAD = re.compile("[\x80-\u058f\u0600-\u06ff\u02c6\u2020-\u2022\u20ac\u2122\u2202-\u2265\u2310-\u25a0\ufffd]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text as a person would have typed it.

    Wrongly decoded characters are mended (ftfy), entities and HTML removed, white space made single; a line
    break stays one. Punctuation, case, full-width forms and emoji are left alone: they carry meaning.

    >>> clean("It&#39;s <b>great</b> \\u200b  <br/>really")
    "It's great\\nreally"
    """
    if text.isascii() and not _SUSPECT.search(text) and "  " not in text and text == text.strip():
        return text
    if not text.isascii():
        text = _mend(text)
    if ";" in text:
        text = html.unescape(_LOST.sub(_found_again, text))
    if "<" in text:
        text = _TAG.sub(" ", _BREAK.sub("\n", _BLOCK.sub(" ", text)))
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def clean_all(texts: Sequence[str], progress: Callable[[float], None] = lambda share: None) -> tuple[list[str], int]:
    """Return all texts cleaned, and how many of them changed."""
    cleaned: list[str] = []
    changed = 0
    for row, text in enumerate(texts):
        new = clean(text)
        changed += new != text
        cleaned.append(text if new == text else new)
        if not row % 50_000:
            progress(row / len(texts))
    progress(1.0)
    return cleaned, changed


def normalise(text: str) -> str:
    """Return a text in the form in which two exact duplicates are equal.

    >>> normalise("Ｇreat  Phone ") == normalise("great phone")
    True
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def _mend(text: str) -> str:
    from ftfy import fix_encoding
    from ftfy.badness import is_bad
    from ftfy.fixes import fix_surrogates

    if _SURROGATES.search(text):
        text = fix_surrogates(text)
    if _MISREAD.search(text) and is_bad(text):
        text = fix_encoding(text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _found_again(match: re.Match[str]) -> str:
    """Return an entity with its ampersand; the space before it goes unless it opens a quotation."""
    if match[4]:
        return f"&{match[4]};"
    opens = match[2] and match[3] and match[0][0].isspace()
    return f"{' ' if opens else ''}&{match[2] or '#' + match[1]};"
