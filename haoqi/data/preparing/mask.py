"""Personal data in texts: found, counted and masked."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

_DIGITS = re.compile(r"\D")
# The order is that of trust: what an earlier pattern took, a later one does not take again.
_KINDS = {
    "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.ASCII),
    "url": re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；、）)]+", re.ASCII),
    "id_card": re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])"),
    "card": re.compile(r"(?<![\d.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![\d-])"),
    "ip": re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"),
    "phone": re.compile(
        r"(?<![\d.-])(?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|\+\d{1,3}[ -]?(?:\(?\d{1,4}\)?[ -]?){2,4}\d{2,4}"
        r"|\(?\d{3}\)?[ -]\d{3}-\d{4}|0\d{2,3}-\d{7,8})(?![\d-])"
    ),
}
# What must be there before the patterns of numbers are worth trying.
_MANY_DIGITS = re.compile(r"\d{4}[ -]?\d{4}\d{0,2}[ -]?\d{3}")
_DIGITS_IN_A_ROW = re.compile(r"\d[\d .()-]{5,}\d")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def find(text: str) -> list[tuple[str, int, int]]:
    """Return (kind, start, end) of each piece of personal data: email, url, id_card, card, ip or phone, in order.

    Identity cards must have the right check digit (GB 11643), card numbers likewise (Luhn).

    >>> find("write to jo@example.org")
    [('email', 9, 23)]
    """
    found: list[tuple[str, int, int]] = []
    digits = bool(_DIGITS_IN_A_ROW.search(text))
    long = digits and bool(_MANY_DIGITS.search(text))
    worth = {"email": "@" in text, "url": "://" in text or "www." in text, "id_card": long, "card": long}
    for kind, pattern in _KINDS.items():
        if not worth.get(kind, digits):
            continue
        for match in pattern.finditer(text):
            clash = any(start < match.end() and match.start() < end for _, start, end in found)
            if not clash and _valid(kind, match[0]):
                found.append((kind, match.start(), match.end()))
    return sorted(found, key=lambda piece: piece[1])


def mask(text: str) -> str:
    """Return a text with each piece of personal data replaced by its kind.

    >>> mask("write to jo@example.org")
    'write to [email]'
    """
    pieces, at = [], 0
    for kind, start, end in find(text):
        pieces += [text[at:start], f"[{kind}]"]
        at = end
    return "".join([*pieces, text[at:]])


def count(texts: Iterable[str]) -> dict[str, int]:
    """Return how many texts hold each kind of personal data."""
    found: Counter[str] = Counter()
    for kinds in _kinds(texts):
        found.update(kinds)
    return dict(found.most_common())


def _kinds(texts: Iterable[str]) -> Iterator[set[str]]:
    for text in texts:
        if pieces := find(text):
            yield {kind for kind, _, _ in pieces}


def _valid(kind: str, piece: str) -> bool:
    if kind == "id_card":
        return "10X98765432"[sum(int(d) * w for d, w in zip(piece, _WEIGHTS, strict=False)) % 11] == piece[17].upper()
    if kind == "card":
        digits = [int(digit) for digit in reversed(_DIGITS.sub("", piece))]
        doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
        return (sum(digits[0::2]) + doubled) % 10 == 0 and len(set(digits)) > 1
    if kind == "phone":
        return 7 <= len(_DIGITS.sub("", piece)) <= 15
    return True
