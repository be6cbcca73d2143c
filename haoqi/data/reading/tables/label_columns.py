"""Which column, or which columns together, hold the labels."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import log
from typing import Any

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.label_paths import list_paths
from haoqi.data.reading.tables.column_kinds import Column, is_empty
from haoqi.data.reading.tables.column_names import LABELS, label_name, words_of

# A column filled more seldom is a remark on some rows, not the label of all.
SELDOM = 0.05
# A column that is filled less than this, though called like the label, may be a remark, too.
MOSTLY = 0.8
# With fewer cells than this, classes may not repeat yet.
FEW = 20
# So many columns of 0 and 1 are labels rather than flags of an export.
MANY_FLAGS = 6
# A column that looks less like classes by no more than this is about as likely.
CLOSE = 0.5
# What a person answers about a text: such cells are labels whatever their column is called.
_ANSWERS = frozenset(
    """positive negative neutral mixed pos neg neu ham spam toxic hate offensive entailment contradiction joy anger
    sadness fear love surprise disgust irrelevant favor against none 正面 负面 中性 积极 消极 好评 差评""".split()  # noqa: SIM905
)
_NUMBERED = re.compile(r"(.*?)[ _\-#]*(\d{1,2})")
_LEVEL = re.compile(r"(level|lvl|l|cat|category|class|label|taxonomy)[ _\-#]*(\d)|([一二三四])级(.*)")
_KINDS = ("name", "text", "number", "identifier", "names", "marks", "time", "path")


@dataclass(frozen=True)
class Choice:
    """The columns of a role, and what speaks for and against them."""

    columns: tuple[str, ...]
    why: str
    others: tuple[str, ...] = ()
    """Other columns that it could be, the likeliest first."""
    close: bool = False
    """Whether the first of the others is about as likely."""


def choose_label(
    name: str,
    columns: Mapping[str, Sequence[Any]],
    looks: Mapping[str, Column],
    *,
    taken: set[str],
    text_known: bool,
) -> Choice | None:
    """Return the columns of the label, or None where none can be told.

    Args:
        name: what a person calls the source, for errors.
        columns: the cells, by column.
        looks: what each column is like.
        taken: columns that play another role.
        text_known: whether the text is chosen; before that only names and contents that no text has are trusted.

    Raises:
        UserError: if the column that is called like a label cannot be one.
    """
    free = {column: look for column, look in looks.items() if column not in taken and look.kind != "empty"}
    usual = sorted((c for c in free if label_name(c) >= 0.3), key=lambda c: _named(free[c]), reverse=True)
    _refuse_records(name, usual, free)
    if levels := _levels(columns, free):
        return levels
    good = [c for c in usual if _can_be(free[c], named=True)]
    if hot := _one_hot(free, good):
        return hot
    if good:
        return _by_name(good, columns, free)
    if alike := [c for c in usual if free[c].distinct == 1 and label_name(c) > 0.98]:
        return Choice((alike[0],), say("column.one_value"))  # nothing to learn, which is better said
    if marked := [column for column, look in free.items() if look.kind == "marks"]:
        return Choice((marked[0],), say("column.spans"), tuple(marked[1:]), len(marked) > 1)
    return (_by_content(free) or _by_amount(free, columns)) if text_known else None


def _named(look: Column) -> float:
    """Return how much a column's name speaks for a label; fractions are rather amounts, whatever they are called."""
    return label_name(look.name) - 0.25 * (look.kind == "number" and _has_fractions(look))


def _has_fractions(look: Column) -> bool:
    return any("." in one and not one.endswith(".0") for one in look.sample)


def _refuse_records(name: str, usual: Sequence[str], free: Mapping[str, Column]) -> None:
    """Raise UserError where what is called like the label is a record: the next best column would be a wrong answer."""
    for column in usual[:1]:
        if free[column].kind == "record" and label_name(column) > 0.7:
            shown = next(iter(free[column].sample), "")[:60]
            raise UserError(
                say("fault.label_records", column=column, name=name, shown=shown),
                say("fault.label_records.hint"),
            )


def _can_be(look: Column, *, named: bool) -> bool:
    """Return whether a column can hold labels."""
    if look.share_filled < SELDOM or look.kind not in _KINDS:
        return False
    if look.kind in ("names", "marks"):
        return True
    if look.distinct < 2:
        return False
    if look.kind == "number" and look.distinct > FEW and not look.repeats and any("." in one for one in look.sample):
        return False  # measured rather than chosen from a few
    if named and look.kind == "number":
        return True
    short = look.kind == "name" or look.words < 4
    if look.looked_at < FEW and short:
        return True  # too few rows to repeat in
    return look.repeats or (named and look.distinct < look.looked_at and short)


def _one_hot(free: Mapping[str, Column], good: Sequence[str]) -> Choice | None:
    """Return the columns of 0 and 1 that stand for a label each: three or more, and no other column of labels."""
    alike: dict[bool, list[str]] = {True: _in_a_row(free), False: []}  # 0 and 1, or words for them, but not both
    for column, look in free.items():
        if look.binary and _is_flag(look) and label_name(column) >= 0 and look.kind != "number":
            alike[False].append(column)
    alike[True] = [column for column in alike[True] if _is_flag(free[column])]
    hot = max(alike.values(), key=len)
    if sum(free[c].distinct == 2 for c in hot) < 3 or any(column not in hot for column in good[:1]):
        return None
    # Flags of another kind stand beside classes in many exports: they are no labels then, and it is told.
    rivals = [c for c, look in free.items() if c not in hot and look.kind == "name" and look.repeats]
    rivals = [c for c in rivals if label_name(c) >= 0 and free[c].share_filled > 0.5]
    why = say("column.one_hot", count=len(hot))
    return Choice(tuple(hot), why, tuple(rivals), close=bool(rivals) and len(hot) < MANY_FLAGS)


def _is_flag(look: Column) -> bool:
    """Return whether a column of two values says yes or no: both, or always no in a sample."""
    values = {one.lower() for one in look.sample}
    both = look.distinct == 2 and values <= {"0", "1", "0.0", "1.0", "true", "false", "yes", "no"}
    return both or values <= {"0", "0.0", "false", "no"}


def _in_a_row(free: Mapping[str, Column]) -> list[str]:
    """Return the columns of 0 and 1, without those called like what is no label that stand apart from three others."""
    binary = {column: look.binary and look.kind == "number" for column, look in free.items()}
    found: list[str] = []
    for flag, few in groupby(free, key=lambda column: binary[column]):
        together = list(few)
        named = [column for column in together if label_name(column) >= 0]
        found += (together if len(named) >= 3 else named) if flag else []
    return found


def _by_name(good: Sequence[str], columns: Mapping[str, Sequence[Any]], free: Mapping[str, Column]) -> Choice:
    """Return the column with the best usual name, or those that are numbered alike."""
    best = good[0]
    if len(several := _numbered(best, free)) > 1:
        return several_columns(several, columns, free)
    spelt = _described(best, columns, free)
    others = tuple(column for column in good[1:] if column != spelt and free[column].kind != "record")
    if spelt != best:
        return Choice((spelt,), say("column.spells_out", best=best), others)
    doubtful = free[best].share_filled < MOSTLY or (free[best].kind == "number" and not free[best].repeats)
    if doubtful and (full := [c for c in _likely(free) if _is_full(free[c]) and c not in others]):
        others = (*others, *full)
        why = say("column.name_seldom", distinct=free[best].distinct, share=free[best].share_filled)
        return Choice((best,), why, others, True)
    near = bool(others) and _named(free[best]) - _named(free[others[0]]) < 0.02 and free[others[0]].repeats
    close = (near and label_name(best) < 0.998) or any(label_name(other) > label_name(best) for other in others)
    return Choice((best,), say("column.name_values", distinct=free[best].distinct), others, close)


def _is_full(look: Column) -> bool:
    return look.share_filled > 0.95


def several_columns(several: Sequence[str], columns: Mapping[str, Sequence[Any]], free: Mapping[str, Column]) -> Choice:
    """Return columns numbered alike as several labels of a text, where the later ones are often empty.

    Where all are filled they are rather what several people said of the same text, of which the first is taken.
    """
    filled = [free[column].share_filled for column in several]
    if min(filled) < 0.9 * max(filled):
        return Choice(tuple(several), say("column.label_columns", count=len(several)))
    why = say("column.annotators", count=len(several))
    return Choice((several[0],), why, tuple(several[1:]), close=True)


def _numbered(best: str, free: Mapping[str, Column]) -> list[str]:
    """Return the columns that differ from one only by their number, such as label_1, label_2, label_3."""
    stems: dict[str, list[str]] = defaultdict(list)
    for column, look in free.items():
        match = _NUMBERED.fullmatch(column.strip().lower())
        if match and look.kind in ("name", "text", "number", "identifier"):
            stems[match[1]].append(column)
    match = _NUMBERED.fullmatch(best.strip().lower())
    return stems[match[1]] if match else []


def _levels(columns: Mapping[str, Sequence[Any]], free: Mapping[str, Column]) -> Choice | None:
    """Return the columns that hold the levels of a path from the top down, as level1 and level2 do where each name of
    the second stands below one of the first."""
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for column, look in free.items():
        if (match := _LEVEL.fullmatch(column.strip().lower())) and look.kind in ("name", "text"):
            places[match[1] or match[4]][match[2] or str("一二三四".index(match[3]))] = column
    for numbered in places.values():
        several = tuple(numbered[place] for place in sorted(numbered))
        rows = zip(*(columns[column] for column in several), strict=True)
        if len(several) > 1 and list_paths([[str(c).strip() for c in row if not is_empty(c)] for row in rows]):
            return Choice(several, say("column.levels", count=len(several)))
    return None


def _likely(free: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns whose cells repeat as classes do, without those that are called like what is no label."""
    able = {c: look for c, look in free.items() if _can_be(look, named=False) and look.kind not in ("time", "path")}
    return {column: look for column, look in able.items() if label_name(column) >= 0}


def _by_content(free: Mapping[str, Column]) -> Choice | None:
    """Return the column whose cells repeat most like classes do."""
    able = {c: look for c, look in free.items() if _can_be(look, named=False) and look.kind not in ("time", "path")}
    likely = _likely(free)
    unlikely = sorted((column for column in able if column not in likely), key=lambda column: _doubt(able[column]))
    ranked = sorted(likely, key=lambda column: _doubt(able[column]))
    if not ranked:
        # Called like what is no label, yet it repeats like one: a guess that is told as such.
        names = [column for column in unlikely if able[column].kind in ("name", "text")]
        return Choice((names[0],), say("column.only_other"), close=True) if len(names) == len(free) == 1 else None
    best, others = ranked[0], tuple(ranked[1:])
    if not others:
        why = say("column.only_other") if len(free) == 1 else say("column.only_repeating")
        return Choice((best,), say("column.why_values", why=why, distinct=able[best].distinct), tuple(unlikely[:2]))
    # Fewer values alone tell little where no names are given, or where they are only no and yes.
    wide = (best.isdecimal() or free[best].binary) and able[others[0]].words < 2
    close = _doubt(able[others[0]]) - _doubt(able[best]) < CLOSE * (3 if wide else 1)
    return Choice((best,), say("column.like_classes", distinct=able[best].distinct), others, close=close)


def _by_amount(free: Mapping[str, Column], columns: Mapping[str, Sequence[Any]]) -> Choice | None:
    """Return the column of numbers that were measured: the one called like a label, or the only one; else None.

    Whole numbers that only rise count the rows.
    """
    able = {c: look for c, look in free.items() if look.kind == "number" and look.distinct > 1}
    able = {c: look for c, look in able.items() if look.share_filled >= SELDOM and not _counts(columns[c])}
    usual = sorted((c for c in able if label_name(c) >= 0.3), key=label_name, reverse=True)
    if usual:
        why = say("column.name_values", distinct=able[usual[0]].distinct)
        return Choice((usual[0],), why, tuple(usual[1:]), len(usual) > 1)
    found = [c for c in able if label_name(c) >= 0]
    if not found and len(free) == 1:  # called like what is no label, but a fraction is no number of a row
        found = [c for c in able if _has_fractions(able[c])]
    if len(found) != 1:
        return None
    why = say("column.only_other") if len(free) == 1 else say("column.only_numbers")
    return Choice((found[0],), say("column.why_values", why=why, distinct=able[found[0]].distinct), close=len(free) > 1)


def _counts(cells: Sequence[Any]) -> bool:
    """Return whether cells are whole numbers that only rise."""
    spelt = [str(cell).strip() for cell in cells if not is_empty(cell)]
    if not all(one.isdecimal() for one in spelt):
        return False
    return all(int(one) < int(other) for one, other in pairwise(spelt))


def _doubt(look: Column) -> float:
    """Return how little a column looks like classes: many values, numbers, fractions, several words, gaps."""
    doubt = log(max(2, look.distinct)) + 0.3 * max(0.0, look.words - 1.0) + 2.0 * (1.0 - look.share_filled)
    if look.kind == "number":
        nameless = look.name.isdecimal()  # in a table without names, numbers are as good as words
        doubt += (0.4 if nameless else 1.2) + 1.5 * _has_fractions(look)
    doubt -= 1.0 * (sum(one.lower() in _ANSWERS for one in look.sample) > 0.5 * len(look.sample))
    listed = all("," in one for one in look.sample)  # keywords rather than one class
    return doubt + (look.kind == "identifier") + 0.5 * listed + min(1.0, look.length / 60)


def _described(label: str, columns: Mapping[str, Sequence[Any]], free: Mapping[str, Column]) -> str:
    """Return the column that gives a numeric label its names, one to one; else the label itself."""
    if free[label].kind != "number" or free[label].distinct < 2:
        return label
    stem = words_of(label)[:1]
    for other, like in free.items():
        if other == label or like.kind not in ("name", "text") or like.distinct != free[label].distinct:
            continue
        near = words_of(other)[:1] == stem or any(
            word in LABELS or word in ("name", "names") for word in words_of(other)
        )
        pairs = {(str(a), str(b)) for a, b in zip(columns[label], columns[other], strict=True)}
        if near and len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
            return other
    return label
