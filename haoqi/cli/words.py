"""Numbers and names as a person reads them, in the language of the terminal."""

import sys

from haoqi.core import quantities
from haoqi.core.say import console, known, named, say, spoken


def language() -> str:
    """Return the language that is spoken here: the console's, or English where the output cannot write that."""
    found = console()
    try:
        say("word.language").within(found).encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "en"
    return found


def translate(text: str) -> str:
    """Return a sentence in the language of the terminal; any other text as it is."""
    return spoken(text, language())


def words(key: str, /, **facts: object) -> str:
    """Return the sentence of a key in the language of the terminal."""
    return translate(say(key, **facts))


def seconds(value: float) -> str:
    """Return a length of time in words.

    >>> seconds(0.42), seconds(8.4), seconds(125), seconds(3725)
    ('0.4 s', '8 s', '2 min 5 s', '1 h 2 min')
    """
    return translate(quantities.duration(value))


def clock(value: float) -> str:
    """Return a length of time as a clock shows it.

    >>> clock(151), clock(3725)
    ('2:31', '1:02:05')
    """
    whole = max(0, round(value))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def metric(name: str) -> str:
    """Return a metric's name as papers write it.

    >>> metric("macro_f1"), metric("entity_macro_f1"), metric("mcc"), metric("exact_match")
    ('macro-F1', 'entity macro-F1', 'MCC', 'exact match')
    """
    return translate(metric_said(name))


def metric_said(name: str) -> str:
    """Return the same as a sentence, which JSON holds in English."""
    return named("metric", name, " ".join(name.split("_")).replace(" f1", "-F1").replace("mcc", "MCC"))


def score(value: float | None) -> str:
    """Return a score with three digits, or a dash where there is none."""
    return "-" if value is None else f"{value:.3f}"


def surely(name: str, value: float, low: float, high: float) -> str:
    """Return a score and how sure it is.

    >>> surely("macro_f1", 0.982, 0.962, 0.995)
    'macro-F1 0.982, 95 % sure it lies between 0.962 and 0.995'
    """
    return words("sure", metric=metric(name), score=score(value), low=score(low), high=score(high))


def size(count: float) -> str:
    """Return bytes in the unit that suits them.

    >>> size(512), size(92_000_000), size(25_300_000_000)
    ('512 B', '92 MB', '25.3 GB')
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count:.0f} B"


def many(count: int, one: str) -> str:
    """Return a count with its noun.

    >>> many(1, "row"), many(2225, "row")
    ('1 row', '2,225 rows')
    """
    if not known(f"many.{one}"):
        return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
    return words(f"many.{one}", count=count, n=count)
