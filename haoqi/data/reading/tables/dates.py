"""Dates of a column, all read in one format."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise, product
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import joined, say
from haoqi.data.reading.tables.column_kinds import is_empty
from haoqi.data.settings import DataSettings

Read = Callable[[str], datetime]

_DIGITS = re.compile(r"-?\d+(\.\d*)?")
_DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %B %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%Y%m%d",
)
_CLOCKS = (
    "",
    " %H:%M:%S",
    " %H:%M",
    " %I:%M:%S %p",
    " %I:%M %p",
    ", %H:%M:%S",
    ", %H:%M",
    ", %I:%M:%S %p",
    " %H:%M:%S.%f",
)
_OTHERS = ("%a %b %d %H:%M:%S %z %Y", "%Y-%m", "%Y/%m", "%b %Y", "%Y-%m-%d %H:%M:%S %Z", "%Y/%m/%d %H:%M:%S.%f")
_PARTS = {"%d": "day", "%m": "month", "%B": "month", "%b": "month", "%Y": "year", "%y": "year"} | {
    "%H": "hour",
    "%I": "hour",
    "%M": "minute",
    "%S": "second",
    "%p": "half",
}
# So many of a column's dates decide what formats are tried on all.
_TRIED = 200


@dataclass(frozen=True)
class Times:
    """The dates of a column as seconds since 1970, those without a zone taken as UTC."""

    seconds: list[float]
    """One a row; a row without a date has that of the oldest."""
    notes: tuple[str, ...] = ()


def times_of(cells: Sequence[Any], column: str, name: str, settings: DataSettings) -> Times:
    """Return the dates of a column, all read in the one format that fits them all.

    Where day first and month first both fit, the order of the rows decides if it can, and what was taken is told.

    Raises:
        UserError: that names the first row without a date, if there are more of them than `bad_rows` allows.
    """
    filled = [cell for cell in cells if not is_empty(cell)]
    read, told = _reader(filled)
    found = [None if is_empty(cell) else read(cell) for cell in cells]
    blank = sum(is_empty(cell) for cell in cells)
    bad = [row for row, seconds in enumerate(found) if seconds is None and not is_empty(cells[row])]
    known = [seconds for seconds in found if seconds is not None]
    if not known or len(bad) > settings.bad_share() * len(cells):
        facts = {"row": (bad or [0])[0] + 1, "name": name, "column": column}
        raise UserError(
            say("date.not_one", cell=str(cells[bad[0]])[:40], **facts) if bad else say("date.none", **facts),
            say("date.none.hint"),
        )
    notes = [told] if told else []
    if blank + len(bad):
        notes.append(say("date.oldest", value=blank + len(bad), column=column))
    oldest = min(known)
    return Times([oldest if seconds is None else seconds for seconds in found], tuple(notes))


def _reader(cells: Sequence[Any]) -> tuple[Callable[[Any], float | None], str]:
    """Return what reads a cell as seconds, and a sentence on what was decided for the column."""
    texts = [str(cell).strip() for cell in cells if isinstance(cell, str)]
    if not texts or all(_DIGITS.fullmatch(text) and len(text) != 8 for text in texts[:_TRIED]):
        return _seconds_of(None), ""
    few = texts[:: max(1, len(texts) // _TRIED)]
    if _share(datetime.fromisoformat, few) == 1.0 and _share(datetime.fromisoformat, texts) == 1.0:
        return _seconds_of(datetime.fromisoformat), ""
    forms = [day + clock for day, clock in product(_DAYS, _CLOCKS)] + list(_OTHERS)
    fits = {form: _share(_strict(form), few) for form in forms}
    best = max(fits.values(), default=0.0)
    if best < 0.5:
        return _seconds_of(parsedate_to_datetime if _share(parsedate_to_datetime, few) > 0.5 else _anything), ""
    shares = {form: _share(_strict(form), texts) for form, fit in fits.items() if fit >= best - 0.1}
    most = max(shares.values())
    equal = [form for form, share in shares.items() if share == most]
    chosen, told = _between(equal, texts)
    return _seconds_of(_strict(chosen)), told


def _between(forms: list[str], texts: Sequence[str]) -> tuple[str, str]:
    """Return which of several formats that fit all dates alike is meant, and what is told of it."""
    if len(forms) == 1:
        order = {"%d": "date.day_first", "%m": "date.month_first"}.get(forms[0][:2])
        return forms[0], say(order, form=_shown(forms[0])) if order else ""
    in_order = {form: _ordered([_strict(form)(text) for text in texts if _fits(_strict(form), text)]) for form in forms}
    best = max(forms, key=lambda form: in_order[form])
    other = next(form for form in forms if form != best)
    if in_order[best] > in_order[other]:
        return (
            best,
            say("date.in_order", best=_shown(best), other=_shown(other)),
        )
    return best, say("date.either", best=_shown(best), other=_shown(other))


def _shown(form: str) -> str:
    """Return a format in words, such as day/month/year."""
    parts = [one for one in re.split(r"(%.)", form) if one]
    return joined([say(f"date.part.{_PARTS[one]}") if one in _PARTS else one for one in parts], by="list.glue")


def _ordered(dates: Sequence[datetime]) -> float:
    """Return how well dates keep one direction and even steps: the share of steps forwards, or backwards."""
    steps = [(after - before).total_seconds() for before, after in pairwise(dates)]
    if not steps:
        return 0.0
    forwards = sum(step >= 0 for step in steps) / len(steps)
    return max(forwards, 1 - forwards)


def _share(read: Read, texts: Sequence[str]) -> float:
    return sum(_fits(read, text) for text in texts) / max(1, len(texts))


def _fits(read: Read, text: str) -> bool:
    try:
        read(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return True


def _strict(form: str) -> Read:
    return lambda text: datetime.strptime(text, form)


def _anything(text: str) -> datetime:
    """Return a date in ISO, in a mail's form, or in the first of the formats above that fits."""
    for read in (datetime.fromisoformat, parsedate_to_datetime, *map(_strict, _OTHERS)):
        try:
            return read(text)
        except (ValueError, TypeError, IndexError):
            continue
    raise ValueError(text)


def _seconds_of(read: Read | None) -> Callable[[Any], float | None]:
    """Return what reads a cell of any type as seconds since 1970."""

    def seconds(cell: Any) -> float | None:
        if isinstance(cell, datetime):
            return (cell if cell.tzinfo else cell.replace(tzinfo=UTC)).timestamp()
        if isinstance(cell, date):
            return datetime(cell.year, cell.month, cell.day, tzinfo=UTC).timestamp()
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            return None if math.isnan(cell) else float(cell) / (1000 if abs(cell) > 1e11 else 1)
        text = str(cell).strip()
        if _DIGITS.fullmatch(text) and len(text) != 8:
            return float(text) / (1000 if abs(float(text)) > 1e11 else 1)
        try:
            when = (read or datetime.fromisoformat)(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()

    return seconds
