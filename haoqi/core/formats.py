"""Numbers as the report prints them: the same way everywhere."""

import unicodedata
from datetime import datetime

from haoqi.core.say import Sentence, say

MINUS = "\u2212"
SPACE = "\u00a0"  # a number and its unit stay on one line
DASH = "\u2013"


def score(value: float | None) -> str:
    """Return a score with three digits.

    >>> score(0.98249), score(-0.0001), score(None)
    ('0.982', '0.000', '–')
    """
    if value is None:
        return DASH
    shown = f"{value:.3f}"
    return "0.000" if float(shown) == 0 else shown.replace("-", MINUS)


def between(low: float | None, high: float | None) -> str:
    """Return an interval with an en dash; with "to" where a bound is negative, since a dash would look like a minus.

    >>> between(0.962, 0.995)
    '0.962–0.995'
    """
    if low is None or high is None:
        return DASH
    if low < 0:
        return say("range", low=score(low), high=score(high))
    return f"{score(low)}{DASH}{score(high)}"


def signed(value: float | None) -> str:
    """Return a difference with its sign.

    >>> signed(0.0123), signed(-0.5)
    ('+0.012', '−0.500')
    """
    if value is None:
        return DASH
    shown = f"{value:+.3f}"
    return "0.000" if float(shown) == 0 else shown.replace("-", MINUS)


def p_value(value: float | None) -> str:
    """Return a p-value, never as 0.

    >>> print(p_value(0.00004), p_value(0.0312), sep=", ")
    p < 0.001, p = 0.031
    """
    if value is None:
        return DASH
    relation = "< 0.001" if value < 0.001 else f"= {value:.3f}"
    return f"p {relation}".replace(" ", SPACE)


def duration(seconds: float) -> Sentence:
    """Return a time a person can feel.

    >>> print(duration(0.42), duration(12.3), duration(185), duration(7260), sep=", ")
    0.4 s, 12 s, 3 min 5 s, 2 h 1 min
    """
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if whole < 60:
        return say("duration.seconds", seconds=f"{seconds:.1f}" if seconds < 9.95 else whole)
    if whole < 3600:
        if not rest:
            return say("duration.minutes", minutes=minutes)
        return say("duration.minutes_seconds", minutes=minutes, seconds=rest)
    hours, rest = divmod(round(seconds / 60), 60)
    return say("duration.hours_minutes", hours=hours, minutes=rest) if rest else say("duration.hours", hours=hours)


def share(value: float) -> str:
    """Return a share in percent, with one digit where it is near 0 or 1, and 0 and 100 only where they are exact.

    >>> print(share(0.0312), share(0.5), share(0), share(0.9996), share(1), sep=", ")
    3.1 %, 50 %, 0 %, 99.9 %, 100 %
    """
    percent = 100 * value
    if 0 < percent < 9.95:
        shown = f"{max(percent, 0.1):.1f}"
    elif 99 < percent < 100:
        shown = f"{min(percent, 99.9):.1f}"
    else:
        shown = f"{percent:.0f}"
    return f"{shown}{SPACE}%"


def count(value: float) -> str:
    """Return a count with commas.

    >>> count(35124)
    '35,124'
    """
    return f"{value:,.0f}"


def width(text: str) -> float:
    """Return about how wide a text is in ems of a usual sans-serif font; East Asian letters are square."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56 for letter in text)


def cut(text: str, ems: float) -> str:
    """Return a text that is at most so wide, ended by an ellipsis where something was left out."""
    if width(text) <= ems:
        return text
    kept = ""
    for letter in text:
        if width(kept + letter) > ems - 1:
            break
        kept += letter
    return kept.rstrip() + "…"


def clip(text: str, letters: int) -> str:
    """Return a text of at most so many letters, ended by an ellipsis where something was left out.

    >>> clip("a quiet, bright screen", 8)
    'a quiet,…'
    """
    return text if len(text) <= letters else f"{text[:letters].rstrip()}…"


def moment(written: str) -> str:
    """Return a point in time as it is read; what is no ISO date stays as it is.

    >>> moment("2026-11-23T00:11:05+00:00")
    '2026-11-23 00:11 UTC'
    """
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return written
    zone = (found.tzname() or "").removesuffix("+00:00")
    return f"{found:%Y-%m-%d %H:%M} {zone}".rstrip()
