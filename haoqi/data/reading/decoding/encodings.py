"""Which of the encodings before UTF-8 a few lines are in, by what they decode to, and which comes next."""

import codecs
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf

SAMPLE_BYTES = 100_000

_SEVERAL_BYTES = ("gb18030", "big5hkscs", "cp932", "euc_jis_2004", "cp949")
_USUAL = ("cp1252", "cp1250", "cp1251", "koi8-r")
_LESS_USUAL = ("cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874", "koi8-u")
_RARE = ("cp866", "cp437", "cp850", "cp852", "iso8859-2", "iso8859-5", "iso8859-15", "mac-roman", "mac-cyrillic")
_CANDIDATES = (*_SEVERAL_BYTES, *_USUAL, *_LESS_USUAL, *_RARE)
# What people call an encoding, where a wider one is judged in its place.
_CALLED = {"big5hkscs": "big5", "euc_jis_2004": "euc_jp"}

_HIGH = re.compile(r"[^\x00-\x7f]")
_BETWEEN_LETTERS = frozenset("’‘´·-‐–—…")
_NO_TEXT = frozenset(("Cc", "Cn", "Co", "Cs"))
_ALPHABETS = frozenset(("LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI"))
_WIDE = "WIDE"
_ODD_CHARACTERS = 4_000
# How likely an encoding is in which a little is broken, beside another in which nothing is.
_IF_MENDED = 0.7
# With 60 bytes the right encoding scores 0.2 and more, with 20 bytes 0.05 and more; wrong ones score next to nothing.
_STRONG = 0.2
_WEAK = ((60, 0.1), (20, 0.02))
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Judged:
    """The likeliest encoding of some lines."""

    encoding: str
    runner_up: str | None = None
    """Another one that explains the lines about equally and reads another text from them; None: sure."""
    words: tuple[str, str] | None = None
    """The first word that the two read differently."""
    weak: bool = False
    """Whether nothing explains the lines well, though there is enough to go by."""


def judge(lines: Sequence[bytes]) -> Judged:
    """Return the encoding of lines that are not UTF-8.

    chardet says how likely the bytes are in the languages that are written in each encoding. That is multiplied by
    how usual the encoding is, which counts only where there is little to go by, and lowered for characters that do not
    stand so in texts: controls, unassigned ones, signs and capitals within words, letters of two alphabets in a word.

    Args:
        lines: those with bytes above 0x7F, some 100,000 bytes at most; few broken ones do no harm.
    """
    sample = b"\n".join(lines)
    count = len(sample) - len(sample.decode("ascii", "ignore"))
    ranked = _ranked(_likelihoods(lines, sample), count)
    least = next((share for enough, share in _WEAK if count >= enough), 0.0)
    weak = not ranked or ranked[0].score < least
    if weak:
        others = _ranked({name: (score, sample) for name, score in _detect(sample, None).items()}, count)
        if others and others[0].score >= _STRONG:
            ranked, weak = others, False
    if not ranked:
        return Judged("cp1252", "latin-1", weak=True)
    best = ranked[0]
    other = next((one for one in ranked[1:] if one.text != best.text), None)
    name = _CALLED.get(best.name, best.name)
    if other is None or (not weak and other.score < _sure_below(best.name, count) * best.score):
        return Judged(name, weak=weak)
    return Judged(name, _CALLED.get(other.name, other.name), _first_difference(best.text, other.text), weak)


@dataclass(frozen=True)
class _Reading:
    name: str
    score: float
    text: str


def _ranked(found: Mapping[str, tuple[float, bytes]], count: int) -> list[_Reading]:
    """Return the readings that may be the best or about as good, the best first."""
    likely = {name: likelihood * _usual(name, count) for name, (likelihood, _) in found.items()}
    order = {name: place for place, name in enumerate(_CANDIDATES)}
    readings: list[_Reading] = []
    for name in sorted(likely, key=lambda name: (-likely[name], order.get(name, len(order)))):
        if likely[name] < 0.25 * max((one.score for one in readings), default=0.0):
            break
        text = found[name][1].decode(name, "replace")
        score = likely[name] * (1 - odd_share(text)) ** min(60, 4 + count / 10)
        readings.append(_Reading(name, score, text))
    return sorted(readings, key=lambda one: -one.score)


def odd_share(text: str) -> float:
    """Return the share of characters beyond ASCII that do not stand so in any text, of the first 4,000.

    >>> odd_share("naïve"), odd_share("na№ve")
    (0.0, 1.0)
    """
    high = odd = 0
    for match in _HIGH.finditer(text):
        place = match.start()
        before = text[place - 1] if place else " "
        after = text[place + 1] if place + 1 < len(text) else " "
        odd += _is_odd(before, match[0], after)
        high += 1
        if high == _ODD_CHARACTERS:
            break
    return odd / high if high else 0.0


def _likelihoods(lines: Sequence[bytes], sample: bytes) -> dict[str, tuple[float, bytes]]:
    """Return the likelihood of each encoding that lines can be in, from 0 to 1, and the part of them that is."""
    found = {name: (likelihood, sample) for name, likelihood in _detect(sample, _CANDIDATES).items()}
    for name in (*_SEVERAL_BYTES, *_USUAL):
        if name not in found and (mended := _mended(lines, name)):
            likelihood = _detect(mended, (name, "cp1252")).get(name)
            found |= {} if likelihood is None else {name: (_IF_MENDED * likelihood, mended)}
    best = max((likelihood for likelihood, _ in found.values()), default=0.0)
    for name in ("cp932", "euc_jis_2004"):
        # chardet takes words in katakana alone for no Japanese, since their first bytes do not vary.
        if found.get(name, (0.0, sample))[0] < best and _is_kana(sample, name):
            found[name] = (1.3 * max(0.3, best), sample)
    return found


def _detect(sample: bytes, names: Sequence[str] | None) -> dict[str, float]:
    """Return the likelihood of encodings, of all that chardet knows where none are named."""
    import chardet

    if names is None:
        guesses = chardet.detect_all(sample, ignore_threshold=True, compat_names=False, max_bytes=len(sample) + 1)
    else:
        guesses = chardet.detect_all(
            sample, include_encodings=names, ignore_threshold=True, compat_names=False, max_bytes=len(sample) + 1
        )
    found: dict[str, float] = {}
    for guess in guesses:
        name = _codec(guess["encoding"])
        if name and (names is None or name in names):
            found[name] = max(guess["confidence"], found.get(name, 0.0))
    return found


def _codec(name: str | None) -> str | None:
    """Return an encoding as Python calls it, or None where it has none of that name."""
    try:
        return codecs.lookup(name).name if name else None
    except LookupError:
        return None


def _is_kana(sample: bytes, name: str) -> bool:
    try:
        high = _HIGH.findall(sample.decode(name))
    except UnicodeDecodeError:
        return False
    kana = sum(1 for letter in high if "\u3041" <= letter <= "\u30fe")
    return kana >= max(4, 0.3 * len(high))


def _usual(name: str, count: int) -> float:
    """Return how much likelier than others an encoding is before one looks, with so many bytes to look at."""
    weight = 4.0 if name == "cp1252" else -1.0 if name in _LESS_USUAL else -2.0 if name in _RARE else 0.0
    return 1 + weight / (count + 8)


def _sure_below(name: str, count: int) -> float:
    """Return what share of the best encoding's score a runner-up may have, with so many bytes to go by."""
    if name in _SEVERAL_BYTES and count < 10:
        return 0.3
    return next(share for most, share in ((20, 0.64), (60, 0.75), (200, 0.85), (inf, 0.92)) if count < most)


def _is_odd(before: str, letter: str, after: str) -> bool:
    category = unicodedata.category(letter)
    # Accents that stand alone, such as the double acute, are keys of old keyboards, and signs of a wrong guess.
    if letter == "\ufffd" or category in _NO_TEXT or (category == "Sk" and "´" != letter < "\u0300"):
        return True
    kind, kinds = _alphabet(letter), {_alphabet(before), _alphabet(after)}
    if not kind:
        inside = _alphabet(before) not in ("", _WIDE) and _alphabet(after) != ""
        return inside and letter not in _BETWEEN_LETTERS and not category.startswith("M")
    if kind == _WIDE:
        return all(one.isascii() and one.islower() for one in (before, after))
    return (letter.isupper() and before.islower()) or not kinds <= {"", _WIDE, kind}


@lru_cache(maxsize=1 << 16)
def _alphabet(letter: str) -> str:
    """Return the alphabet of a letter, WIDE for writing without one, and nothing for what is no letter."""
    if not letter.isalpha():
        return ""
    name = unicodedata.name(letter, "").split(" ", 1)[0]
    return name if name in _ALPHABETS else _WIDE


def _mended(lines: Sequence[bytes], name: str) -> bytes | None:
    """Return lines without what is broken in an encoding in which nearly all are whole; None where none or much is.

    One broken byte, or a last character that the end of the file cut, would count against it altogether.
    """
    most = max(1, len(lines) // 50) if len(lines) > 3 else 0
    kept: list[bytes] = []
    for place, line in enumerate(lines):
        try:
            line.decode(name)
        except UnicodeDecodeError as error:
            if place == len(lines) - 1 and "incomplete" in error.reason and not line[: error.start].isascii():
                kept.append(line[: error.start])
            elif place - len(kept) >= most:
                return None
            continue
        kept.append(line)
    mended = b"\n".join(kept)
    return mended if mended and mended != b"\n".join(lines) else None


def _first_difference(one: str, other: str) -> tuple[str, str] | None:
    pairs = zip(_WORD.findall(one), _WORD.findall(other), strict=False)
    return next(((a[:20], b[:20]) for a, b in pairs if a != b), None)
