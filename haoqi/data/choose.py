"""Which column is the text, which the label: as said, or guessed with the reason told."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from statistics import fmean
from typing import Any

from haoqi.core.errors import UserError
from haoqi.data.settings import DataSettings

_TEXTS = """text texts sentence content review comment message body utterance query question document tweet title
    description post article summary abstract reviews comments 文本 内容 评论 句子 正文 文章 标题 问题 评价"""
_LABELS = """label labels class category intent sentiment topic target tag tags y polarity emotion stars rating score
    queue classification gold answer type 标签 类别 情感 分类 类型 意图 评分"""
# Usual names of columns, the most telling first.
TEXTS, LABELS = _TEXTS.split(), _LABELS.split()
PAIRS = (
    ("sentence1", "sentence2"),
    ("text_a", "text_b"),
    ("text1", "text2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
)
# Enough rows to tell a column of classes from one of free text.
LOOK_AT = 2_000
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)*([eE][-+]?\d+)?")
_ADDRESS = re.compile(r"(https?://|www\.)\S+")


@dataclass(frozen=True)
class Roles:
    """The columns chosen, by what they are for."""

    text: str
    label: str | None = None
    pair: str | None = None
    group: str | None = None
    time: str | None = None
    why: dict[str, str] = field(default_factory=dict)
    """Role to the reason for the choice."""
    notes: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """Return the roles that have a column."""
        found = {role: getattr(self, role) for role in ("text", "pair", "label", "group", "time")}
        return {role: column for role, column in found.items() if column}


@dataclass(frozen=True)
class _Look:
    """What a sample of a column's cells is like."""

    length: float
    """Mean number of characters of the cells that are not empty."""
    distinct: int
    filled: int
    free: float
    """Share of cells that are neither numbers nor addresses."""
    lists: bool


def choose(name: str, columns: Mapping[str, Sequence[Any]], settings: DataSettings, labelled: bool = True) -> Roles:
    """Return which column plays which role; what a person named is taken as said.

    Args:
        name: what a person calls the source, for errors.
        columns: the cells, by column.
        settings: the columns that a person named.
        labelled: whether a label column is needed.

    Raises:
        UserError: if a named column is missing, or text or label cannot be told.
    """
    said = {role: getattr(settings, role) for role in ("text", "label", "pair", "group", "time")}
    _check_said(name, columns, said, labelled)
    looks = {column: _look(cells) for column, cells in columns.items()}
    taken = {column for column in said.values() if column in columns}
    why = {role: "as said" for role, column in said.items() if column in columns}
    pair_of = next((p for p in PAIRS if set(p) <= set(columns)), None) if not (said["text"] or said["pair"]) else None
    if pair_of:
        said["text"], said["pair"] = pair_of
        why |= {"text": "its name", "pair": "its name"}
        taken |= set(pair_of)
    if not said["text"]:
        said["text"], why["text"] = _guess_text(name, looks, taken)
        taken.add(said["text"])
    notes: tuple[str, ...] = ()
    if labelled and not said["label"]:
        said["label"], why["label"], notes = _guess_label(name, columns, looks, taken)
    if not labelled and said["label"] not in columns:
        said["label"] = None
    return Roles(**said, why=why, notes=notes)


def _check_said(name: str, columns: Mapping[str, Any], said: dict[str, str | None], labelled: bool) -> None:
    needed = {role: column for role, column in said.items() if column and (labelled or role != "label")}
    missing = sorted({column for column in needed.values() if column not in columns})
    if not missing:
        return
    found = ", ".join(columns)
    near = {column: get_close_matches(column.lower(), [c.lower() for c in columns], n=1) for column in missing}
    lower = {column.lower(): column for column in columns}
    flags = [
        f"--{role} {lower[near[c][0]] if near.get(c) else c.upper()}" for role, c in needed.items() if c in missing
    ]
    other = [column for column in columns if column not in needed.values()]
    if not any(near.values()) and len(other) >= len(flags):
        flags = [f"--{role} {column}" for (role, c), column in zip(_of(needed, missing), other, strict=False) if c]
    raise UserError(
        f"{name} has no column {', '.join(missing)}; it has {found}.", f"map your columns: {' '.join(flags)}"
    )


def _of(needed: dict[str, str], missing: list[str]) -> list[tuple[str, str]]:
    return [(role, column) for role, column in needed.items() if column in missing]


def _look(cells: Sequence[Any]) -> _Look:
    step = max(1, len(cells) // LOOK_AT)
    sample = [cell for cell in cells[::step] if cell is not None and cell == cell and cell != ""]
    lists = bool(sample) and all(isinstance(cell, list | tuple) for cell in sample)
    words = [str(cell).strip() for cell in sample]
    plain = sum(not (_NUMBER.fullmatch(word) or _ADDRESS.fullmatch(word)) for word in words)
    filled = max(1, len(words))
    return _Look(fmean(map(len, words)) if words else 0.0, len(set(words)), len(words), plain / filled, lists)


def _guess_text(name: str, looks: Mapping[str, _Look], taken: set[str]) -> tuple[str, str]:
    """Return the column of the longest free text, a usual name counting double."""
    scores = {}
    for column, look in looks.items():
        if column.strip().lower() in TEXTS and not look.filled:
            raise UserError(f"the column {column} of {name} is empty", "name the column of the texts: --text COLUMN")
        free = look.free > 0.5 and not look.lists and look.filled
        if column not in taken and free and look.distinct > 1:
            scores[column] = min(look.length, 500.0) * (2 if column.strip().lower() in TEXTS else 1)
    if not scores:
        kinds = ", ".join(looks)
        raise UserError(f"{name} has no column of text; it has {kinds}", "name it: --text COLUMN")
    best = max(scores, key=lambda column: scores[column])
    usual = " and its usual name" if best.strip().lower() in TEXTS else ""
    return best, f"the longest free text, {looks[best].length:.0f} characters on average{usual}"


def _guess_label(
    name: str, columns: Mapping[str, Sequence[Any]], looks: Mapping[str, _Look], taken: set[str]
) -> tuple[str, str, tuple[str, ...]]:
    """Return the column with a usual name, else the one with the fewest different values."""
    rest = [column for column in looks if column not in taken and looks[column].filled]
    if not rest:
        only = ", ".join(looks)
        raise UserError(
            f"{name} has no column for the label; it has {only}", "add a column of labels, or name it: --label COLUMN"
        )
    usual = sorted((c for c in rest if c.strip().lower() in LABELS), key=lambda c: LABELS.index(c.strip().lower()))
    if usual:
        best = _described(usual[0], rest, columns, looks)
        if best != usual[0]:
            return best, f"it spells out column {usual[0]}", ()
        return best, f"its name; {looks[best].distinct} different values", ()
    few = {c: look.distinct for c, look in looks.items() if c in rest and _low(look)}
    if len(rest) == 1:
        return rest[0], "the only other column", ()
    if not few:
        raise UserError(
            f"{name} has no column that looks like a label; it has {', '.join(looks)}", "name it: --label COLUMN"
        )
    best = min(few, key=lambda column: (few[column], looks[column].length))
    others = [column for column in few if column != best]
    notes = (f"column {', '.join(others)} could be the label too; choose with --label",) if others else ()
    return best, f"the fewest different values, {few[best]}", notes


def _low(look: _Look) -> bool:
    return 1 < look.distinct <= max(2, 0.2 * look.filled) or look.lists


def _described(label: str, rest: list[str], columns: Mapping[str, Sequence[Any]], looks: Mapping[str, _Look]) -> str:
    """Return the column that gives a numeric label its names, one to one; else the label itself."""
    if looks[label].free > 0 or looks[label].distinct < 2:
        return label
    for other in rest:
        like = looks[other]
        if other == label or like.free < 1 or like.distinct != looks[label].distinct:
            continue
        if not other.lower().startswith((label.lower(), "category", "class")):
            continue
        matches = {(str(a), str(b)) for a, b in zip(columns[label], columns[other], strict=True)}
        if len(matches) == len({a for a, _ in matches}) == len({b for _, b in matches}):
            return other
    return label
