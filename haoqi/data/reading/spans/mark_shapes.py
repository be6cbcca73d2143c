"""Labelled stretches as they stand in the cells of a source, in the shapes that tools and papers write them."""

import json
from ast import literal_eval
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

from haoqi.data.reading.spans.offsets import Mark

_STARTS = """start startoffset begin beginoffset startidx startindex startchar charstart startposition startpos
    startcharindex beginchar charbegin from startchr starts"""
_ENDS = "end endoffset endidx endindex endchar charend endposition endpos endcharindex stop to endchr ends"
_PAIRS = """points offsets span location indices position range interval offset charoffsets globaloffsets
    characteroffsets charspan spans"""
_KINDS = """label labels hypertextlabels paragraphlabels entitytype entitylabel entitygroup enttype type nertag tag tags
    category categories class kind entityname ner concept entity role"""
_SURFACES = """text word surface mention entitytext phrase substring coveredtext match string content entity
    surfaceform entitymention span"""
# Names of fields, the most telling first, in lower case and without _ and -.
STARTS, ENDS, PAIRS, KINDS, SURFACES = (names.split() for names in (_STARTS, _ENDS, _PAIRS, _KINDS, _SURFACES))
_LENGTHS = ("length", "len")
_WORD_LISTS = ("index", "indexes", "tokenindices", "tokenids", "wordindices", "wordids")
_WORD_STARTS, _WORD_ENDS = ("tokenstart", "wordstart", "starttoken"), ("tokenend", "wordend", "endtoken")
# Lists of pairs under these names are places or corners, not a kind with its places.
_NO_KINDS = (
    "points",
    "offsets",
    "offset",
    "indices",
    "index",
    "span",
    "spans",
    "bbox",
    "box",
    "polygon",
    "segmentation",
)
_WEAK_SURFACES = ("value", "name", "entityvalue", "normalized", "entityname")
# Of these the end is the last character itself, where no surface says otherwise.
_INCLUSIVE = ("points", "startpos", "startcharindex")


class _Plan(NamedTuple):
    """Which fields of a record say what of its stretch."""

    start: str | None = None
    end: str | None = None
    length: str | None = None
    pairs: str | None = None
    words: str | None = None
    kind: str | None = None
    surface: str | None = None
    weak: bool = False
    inclusive: bool = False
    in_words: bool = False


@dataclass(frozen=True)
class Cell:
    """What one cell holds."""

    marks: tuple[Mark, ...]
    relations: int = 0
    """Records beside the stretches that are none, such as relations between them."""
    unlabelled: int = 0
    """Stretches without a kind."""
    unread: str | None = None
    """The first stretch whose ends are no numbers."""


def holds_marks(cell: Any) -> bool:
    """Return whether a cell holds labelled stretches, as values or as their text; an empty list holds none.

    >>> holds_marks([[0, 4, "ORG"]]), holds_marks('[{"start": 0, "end": 4, "label": "ORG"}]'), holds_marks(["a"])
    (True, True, False)
    """
    cell = opened(cell)
    return isinstance(cell, list | tuple | dict) and any(True for _ in _all_marks(cell))


def is_empty(cell: Any) -> bool:
    """Return whether a cell says that there is nothing, as an empty list does; a missing cell says nothing."""
    cell = opened(cell)
    if isinstance(cell, dict) and len(cell) <= 2:
        return all(is_empty(one) for one in cell.values())
    return isinstance(cell, list | tuple) and not cell


def opened(cell: Any) -> Any:
    """Return the value that a text writes in JSON or as Python does; other cells as they are."""
    if not isinstance(cell, str) or cell[:1].strip() not in ("", "[", "{", "("):
        return cell
    text = cell.strip()
    if text[:1] + text[-1:] not in ("[]", "{}", "()"):
        return cell
    with catch_warnings():
        simplefilter("ignore")  # Python warns of odd backslashes in what was never meant as Python
        for read in (json.loads, literal_eval):
            try:
                return read(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
                continue
    return cell


def read_cell(cell: Any) -> Cell:
    """Return the stretches of a cell, and what else stands beside them."""
    cell = opened(cell)
    if isinstance(cell, dict) and (inner := _group(cell)) is not None:
        cell = inner
    members = cell if isinstance(cell, list | tuple) and not _is_triple(cell) else [cell]
    marks: list[Mark] = []
    counts: Counter[str] = Counter()
    unread = None
    for one in members:
        found = list(_all_marks(one))
        marks += found
        if not found and isinstance(one, dict):
            what = _what_is(one)
            counts[what] += 1
            unread = unread or (str(one)[:60] if what == "unread" else None)
        elif not found and one not in (None, [], {}, ""):
            unread = unread or str(one)[:60]
    return Cell(tuple(marks), counts["relation"], counts["unlabelled"], unread)


def _what_is(record: Mapping[str, Any]) -> str:
    """Return "unread" for a record that has ends but no numbers there, "unlabelled" where it has no kind."""
    value = record.get("value")
    for one in (value, record) if isinstance(value, dict) else (record,):
        plan = _plan(tuple(map(str, one)))
        if plan is not None and (plan.start or plan.pairs or plan.words):
            return "unlabelled" if list(_places(one, plan)) else "unread"
    return "relation" if record else "nothing"


def _all_marks(cell: Any) -> Iterator[Mark]:
    """Yield every stretch in a value of any known shape."""
    if isinstance(cell, dict):
        yield from _marks_of_mapping(cell)
    elif _is_triple(cell):
        yield from _marks_of_triple(cell)
    elif isinstance(cell, list | tuple):
        for one in cell:
            if isinstance(one, dict):
                yield from _marks_of_record(one)
            elif _is_triple(one):
                yield from _marks_of_triple(one)


def _marks_of_mapping(cell: Mapping[str, Any]) -> Iterator[Mark]:
    if (inner := _group(cell)) is not None:
        yield from _all_marks(inner)
        return
    found = list(_marks_of_record(cell))
    if found:
        yield from found
        return
    for kind, below in cell.items():
        if isinstance(below, dict):  # CLUENER: kind to surface to places
            for surface, places in below.items():
                if isinstance(places, list | tuple):
                    yield from (Mark(*p, (str(kind),), str(surface)) for one in places if (p := _pair(one)))
        elif isinstance(below, list | tuple) and str(kind).lower() not in _NO_KINDS:  # kind to places
            yield from (Mark(*p, (str(kind),)) for one in below if (p := _pair(one)))


def _group(cell: Mapping[str, Any]) -> Any:
    """Return what stands under the only key of a record, or under `entities` beside keys that hold nothing."""
    filled = {key: value for key, value in cell.items() if value not in (None, [], {}, "")}
    for key in ("entities", "spans", "ents", "annotations", "result"):
        if isinstance(cell.get(key), list | tuple) and set(filled) <= {key}:
            return cell[key]
    if len(filled) == 1:
        (value,) = filled.values()
        rich = isinstance(value, list | tuple) and bool(value) and isinstance(value[0], dict)
        if rich and not _plan(tuple(map(str, cell))):
            return value
    return None


def _marks_of_record(record: Mapping[str, Any]) -> Iterator[Mark]:
    value = record.get("value")
    if isinstance(value, dict):  # Label Studio's results
        found = list(_marks_of_fields(value, record))
        if found:
            yield from found
            return
    yield from _marks_of_fields(record, record)


def _marks_of_fields(record: Mapping[str, Any], outer: Mapping[str, Any]) -> Iterator[Mark]:
    plan = _plan(tuple(map(str, record)))
    if plan is None:
        return
    kinds = _kinds(record.get(plan.kind)) if plan.kind else ()
    if not kinds and record is not outer:
        other = _plan(tuple(map(str, outer)), ends=False)
        kinds = _kinds(outer.get(other.kind)) if other is not None and other.kind and other.kind != "type" else ()
    if not kinds:
        return
    surface = record.get(plan.surface) if plan.surface else None
    places = list(_places(record, plan))
    for number, (start, end, own) in enumerate(places):
        words = own
        if words is None and isinstance(surface, list | tuple) and len(surface) == len(places):
            words = surface[number]
        elif words is None and len(places) == 1:
            words = surface
        said = words if isinstance(words, str) and words else None
        yield Mark(start, end, kinds, said, plan.weak, plan.inclusive, plan.in_words)


def _places(record: Mapping[str, Any], plan: _Plan) -> Iterator[tuple[int, int, str | None]]:
    """Yield (start, end, own surface) of each stretch that a record names."""
    if plan.words:
        at = record[plan.words]
        if isinstance(at, list | tuple) and at and all(_number(one) is not None for one in at):
            yield int(min(at)), int(max(at)) + 1, None
        return
    if plan.start and plan.end:
        start, end = _number(record[plan.start]), _number(record[plan.end])
        if start is not None and end is not None:
            yield start, end + (plan.in_words and plan.start not in ("start", "begin")), None
            return
    if plan.start and plan.length:
        start, length = _number(record[plan.start]), _number(record[plan.length])
        if start is not None and length is not None:
            yield start, start + length, None
            return
    if plan.pairs:
        yield from _of_pairs(record[plan.pairs])


def _of_pairs(value: Any) -> Iterator[tuple[int, int, str | None]]:
    if (pair := _pair(value)) is not None:
        yield (*pair, None)
        return
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, dict):
            plan = _plan(tuple(map(str, one)))
            words = one.get("text")
            if plan is not None and not plan.pairs and not plan.words:
                yield from ((s, e, words if isinstance(words, str) else None) for s, e, _ in _places(one, plan))
        elif (pair := _pair(one)) is not None:
            yield (*pair, None)


@lru_cache(maxsize=4096)
def _plan(keys: tuple[str, ...], ends: bool = True) -> _Plan | None:
    """Return which of a record's fields say what; None where none says where a stretch is.

    Args:
        keys: the names of the fields.
        ends: whether there must be ends; else a kind will do.
    """
    known = {key.lower().replace("_", "").replace("-", ""): key for key in keys}

    def first(names: Sequence[str], but: str | None = None) -> str | None:
        return next((known[name] for name in names if name in known and known[name] != but), None)

    start, end, length, pairs = first(STARTS), first(ENDS), first(_LENGTHS), first(PAIRS)
    words = first(_WORD_LISTS) if not start else None
    in_words = bool(words)
    if start is None and length and "offset" in known:
        start, pairs = known["offset"], None
    if start is None and first(_WORD_STARTS) and first(_WORD_ENDS):
        start, end, in_words = first(_WORD_STARTS), first(_WORD_ENDS), True
    if ends and not ((start and (end or length)) or pairs or words):
        return None
    kind = first(KINDS)
    surface = first(SURFACES, kind)
    weak = surface is None
    surface = surface or first(_WEAK_SURFACES, kind)
    inclusive = any(known.get(name) in (start, pairs) for name in _INCLUSIVE if name in known)
    return _Plan(start, end, length, pairs, words, kind, surface, weak and surface is not None, inclusive, in_words)


def _kinds(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(name for one in value for name in _kinds(one))
    if isinstance(value, dict):
        return _kinds(next((value[key] for key in ("name", "label", "value", "title", "type") if key in value), None))
    if value is None or isinstance(value, bool | float):
        return ()
    name = str(value).strip()
    return (name,) if name else ()


def _is_triple(one: Any) -> bool:
    """Return whether a list is [start, end, kind, ...] or [kind, start, end]."""
    if not isinstance(one, list | tuple) or len(one) < 3 or len(one) > 5:
        return False
    if _whole(one[0]) and _whole(one[1]):
        return isinstance(one[2], str) and bool(one[2])
    return len(one) == 3 and isinstance(one[0], str) and bool(one[0]) and _whole(one[1]) and _whole(one[2])


def _marks_of_triple(one: Sequence[Any]) -> Iterator[Mark]:
    if isinstance(one[0], str):
        yield Mark(int(one[1]), int(one[2]), (one[0],))
        return
    more = one[3] if len(one) > 3 and isinstance(one[3], str) and one[3] else None
    yield Mark(int(one[0]), int(one[1]), (one[2],), more, weak=True)


def _pair(value: Any) -> tuple[int, int] | None:
    both = isinstance(value, list | tuple) and len(value) == 2 and _whole(value[0]) and _whole(value[1])
    return (int(value[0]), int(value[1])) if both else None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
