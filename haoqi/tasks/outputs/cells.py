"""Reading the cells of a source: names, lists of names, spans."""

import json
import math
import re
import unicodedata
from ast import literal_eval
from collections.abc import Iterable, Mapping
from typing import Any

from haoqi.core.say import say
from haoqi.data.examples import Span

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_CURRENCY = re.compile(r"^([+-]?)\s*[$€£¥]\s*(?=[\d.])|(?<=\d)\s*[$€£¥元%]$")
# What may stand between the labels of one cell, in half and full width.
SEPARATORS = re.compile(r"[|;；｜]")


def read_name(raw: object) -> str:
    """Return a cell as one label; whole numbers lose their point, so that 1.0 and 1 are one label.

    >>> read_name(1.0), read_name(" spam "), read_name(True)
    ('1', 'spam', 'true')

    Raises:
        ValueError: if the cell is blank, or holds a list or a mapping.
    """
    raw = _scalar(raw)
    if is_blank(raw):
        raise ValueError(say("cell.empty"))
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else str(raw)
    if isinstance(raw, str | int):
        return str(raw).strip()
    raise ValueError(say("cell.no_name", kind=type(raw).__name__))


def read_number(raw: object) -> float:
    """Return a cell as a number; thousands may be set apart by commas, and a full-width form is read as well.

    A comma that cuts off no three digits is the decimal point; signs of currencies and of percent are left out.

    >>> read_number(" 1,234.5 "), read_number(3), read_number("-0.5")
    (1234.5, 3.0, -0.5)
    >>> read_number("3,75"), read_number("-$1,200"), read_number("45 %")
    (3.75, -1200.0, 45.0)

    Raises:
        ValueError: if the cell is blank, or holds anything but a finite number.
    """
    raw = _scalar(raw)
    if is_blank(raw):
        raise ValueError(say("cell.empty"))
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError(say("cell.no_number", cell=raw))
    text = unicodedata.normalize("NFKC", str(raw)).strip().replace("\u2212", "-")
    text = _CURRENCY.sub(r"\1", text)
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    try:
        found = float(text)
    except ValueError:
        raise ValueError(say("cell.no_number", cell=raw)) from None
    if not math.isfinite(found):
        raise ValueError(say("cell.no_number", cell=raw))
    return found


def read_names(raw: object) -> tuple[str, ...]:
    """Return a cell as several labels, sorted, each once; an empty list is an answer, an empty cell is not.

    A text is cut at | and ; or read as a JSON list.

    >>> read_names("b | a|b"), read_names(["x"]), read_names("[]")
    (('a', 'b'), ('x',), ())

    Raises:
        ValueError: if the cell is blank, or a member is.
    """
    raw = _scalar(raw)
    if is_blank(raw):
        raise ValueError(say("cell.empty"))
    if isinstance(raw, str):
        raw = _list(raw) if raw.strip().startswith(("[", "(")) else SEPARATORS.split(raw)
        raw = [name for name in raw if not is_blank(name)]
    if isinstance(raw, Mapping):
        raise ValueError(say("cell.mapping"))
    members = raw if isinstance(raw, Iterable) else [raw]
    return tuple(sorted({read_name(member) for member in members}))


def read_spans(raw: object) -> tuple[Span, ...]:
    """Return a cell as spans in order: (start, end, label) each, as tuples, lists, mappings, or JSON of these.

    >>> read_spans('[{"start": 4, "end": 7, "label": "PER"}]')
    (Span(start=4, end=7, label='PER'),)

    Raises:
        ValueError: if the cell is None or blank, or a member is not a span; an empty list is an answer.
    """
    if is_blank(raw):
        raise ValueError(say("cell.no_spans"))
    if isinstance(raw, str):
        raw = _list(raw)
    if isinstance(raw, Mapping) or not isinstance(raw, Iterable):
        raise ValueError(say("cell.no_list", kind=type(raw).__name__))
    return tuple(sorted({_span(member) for member in raw}))


def is_blank(raw: object) -> bool:
    """Return whether a cell says nothing: None, NaN, or white space."""
    raw = _scalar(raw)
    if isinstance(raw, str):
        return not raw.strip()
    if isinstance(raw, float):
        return not math.isfinite(raw)
    return raw is None or type(raw).__name__ in ("NAType", "NaTType")  # of pandas, which need not be loaded


def _span(raw: Any) -> Span:
    if isinstance(raw, Mapping):
        label = next((raw[key] for key in ("label", "type", "tag", "entity") if key in raw), None)
        raw = (raw.get("start"), raw.get("end"), label)
    try:
        start, end, label = raw
        span = Span(_place(start), _place(end), read_name(label))
    except (TypeError, ValueError):
        raise ValueError(say("cell.no_span", cell=raw)) from None
    if not 0 <= span.start < span.end:
        raise ValueError(say("cell.bad_span", start=span.start, end=span.end))
    return span


def _place(value: Any) -> int:
    if isinstance(value, bool) or int(value) != float(value):
        raise ValueError(value)
    return int(value)


def _list(text: str) -> list[Any]:
    """Return a list written as JSON or as Python writes it."""
    for read in (json.loads, literal_eval):
        try:
            found = read(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | tuple):
            return list(found)
    raise ValueError(f"{text[:60]!r} is not a list")


def _scalar(raw: object) -> object:
    """Return the Python value of a NumPy one."""
    return raw.item() if hasattr(raw, "item") and getattr(raw, "ndim", 1) == 0 else raw
