"""How labels stand in their cells: one or several, with which separator, and one spelling for each."""

import json
import re
import unicodedata
from ast import literal_eval
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from haoqi.core.say import joined, say
from haoqi.data.label_paths import list_paths, tree_separator
from haoqi.data.reading.tables.column_kinds import cell_kind, is_empty

# What programs write where a label is missing; "none" and "na" are left alone, for they are classes of real data.
MISSING = frozenset({"nan", "null", "<na>", "#n/a", "#na", "n/a", "nat", "?", "-", "--"})
# And what else says so among numbers, where no word is a class.
NO_NUMBER = MISSING | {"na", "n.a.", "none", "nil", "unknown", "missing", "无", "未知", "缺失"}
# From this share of the filled cells on, such a word is a class rather than a gap.
A_CLASS = 0.02
# Numbers are amounts where there are more different ones than this, and hardly a cell holds another word.
FEW_NUMBERS, NEARLY_ALL = 5, 0.95
# What may stand between labels; the last ones also stand inside names, so that more must speak for them.
SEPARATORS = ("|", ";", "；", "｜", "、", ",", "，", "#", "\n", "\t", "/", "&", "+")
_INSIDE_NAMES = frozenset("/&+#")
# From this share of parts on that occur in several combinations, cells are lists of labels.
RECOMBINED, DOUBTFUL = 0.5, 0.25
_WRAPPED = re.compile(r"\s*(?:[\[({]).*(?:[\])}])\s*", re.S)
_BETWEEN = re.compile(r"[,;|]")
_FLAGS = {"1": True, "1.0": True, "true": True, "yes": True, "0": False, "0.0": False, "false": False, "no": False}
_TAIL_OF_ZEROS = re.compile(r"([-+]?\d+)\.0+")
_PLAIN_TYPES = {str, int, float, bool, list, type(None)}
_PLAIN_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)(\.\d+)?")
_ONE_COMMA = re.compile(r"[-+]?(\d+)(?:,(\d+))?")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?|[-+]?\d{1,3}(\.\d+)?")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


@dataclass(frozen=True)
class LabelCells:
    """The labels of a column, each as one name, several names, or None."""

    labels: list[Any]
    """str, list of str, or None, one a row."""
    separator: str | None = None
    """What stood between the labels of one cell; "none" where a cell was said or found to be one label."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_label_cells(cells: Sequence[Any], *, separator: str | None = None, missing: Sequence[str] = ()) -> LabelCells:
    """Return cells as labels, with what was found out on the way.

    Whole numbers are names of classes: 1, 1.0, "1" and "1.0" are one label where a column holds nothing that
    speaks against it; so are True, "true" and 1 of numpy's bools. Names are in Unicode's NFC.

    Args:
        cells: as a source gives them.
        separator: what stands between the labels of one cell, as a person said; "none": nothing does.
        missing: spellings that mean that there is no label; guessed where empty.

    >>> read_label_cells([1.0, float("nan"), 0.0]).labels, read_label_cells(["a, b", "b", "a"]).labels
    (['1', None, '0'], [['a', 'b'], ['b'], ['a']])
    """
    plain = list(cells) if set(map(type, cells)) <= _PLAIN_TYPES else [_scalar(cell) for cell in cells]
    gaps, told, warned = _gaps(plain, missing)
    # Texts are judged once each: a million cells hold few different names.
    empty = {cell for cell in set(filter(_is_text, plain)) if is_empty(cell) or cell.strip() in gaps}
    plain = [None if (cell in empty if type(cell) is str else is_empty(cell)) else cell for cell in plain]
    if separator is None and (commas := _commas_of_numbers(plain)):
        separator = "none"
        if commas == "decimal":
            plain = [cell.replace(",", ".") if isinstance(cell, str) else cell for cell in plain]
            told.append(say("cells.decimal_commas"))
    lists, found, notes = _lists(plain, separator)
    warned += notes[1]
    if lists is None:
        names = _one_spelling(plain)
        return LabelCells(names, found, tuple(told + notes[0]), tuple(warned + _variants(names)))
    if single := _single(lists):
        return LabelCells(_one_spelling(single), found, (*told, *notes[0], say("cells.lists_of_one")), tuple(warned))
    flat = _one_spelling([part for cell in lists if cell is not None for part in cell])
    spelt = iter(flat)
    several = [None if cell is None else list(dict.fromkeys(str(next(spelt)) for _ in cell)) for cell in lists]
    paths = list_paths(cell for cell in several if cell)  # their order says what stands above what
    labels = several if paths else [None if cell is None else sorted(cell) for cell in several]
    return LabelCells(labels, found, tuple(told + notes[0]), tuple(warned + _variants(flat)))


def join_columns(columns: Mapping[str, Sequence[Any]]) -> LabelCells:
    """Return the labels of several columns: those that hold 1 where they are 0 and 1, else all that they hold."""
    names, rows = list(columns), list(zip(*columns.values(), strict=True))
    binary = all(_flag(cell) is not None or is_empty(cell) for row in rows[:10_000] for cell in row)
    if not binary:
        read = [read_label_cells(cells, separator="none").labels for cells in columns.values()]
        labels = [[str(one) for one in dict.fromkeys(row) if one] or None for row in zip(*read, strict=True)]
        return LabelCells(labels, None, (say("cells.several_columns", count=len(names)),))
    chosen = [
        None if all(map(is_empty, row)) else [name for name, cell in zip(names, row, strict=True) if _flag(cell)]
        for row in rows
    ]
    if single := _single(chosen, strict=True):
        return LabelCells(single, None, (say("cells.one_hot_single"),))
    return LabelCells(chosen, None, (say("cells.one_hot", count=len(names)),))


def split_label(cell: str, separator: str | None) -> str | list[str]:
    """Return a cell as one name, or as several names where it is a list or a separator is given."""
    if (found := unwrap(cell)) is not None:
        return found
    if separator is None or separator == "none":
        return cell.strip()
    return [part.strip() for part in cell.split(separator) if part.strip()]


def _is_text(cell: Any) -> bool:
    return type(cell) is str


def _flag(cell: Any) -> bool | None:
    """Return whether a cell of 0 and 1, or of no and yes, says yes; None where it is no such cell."""
    word = str(_scalar(cell)).strip().lower()
    return _FLAGS.get(word)


def _scalar(cell: Any) -> Any:
    """Return the Python value of a NumPy or Arrow one; sets and arrays as lists."""
    if type(cell) in _PLAIN_TYPES:
        return cell
    if type(cell).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(cell, "tolist"):
        return cell.tolist()
    if hasattr(cell, "as_py"):
        return cell.as_py()
    if isinstance(cell, tuple | set | frozenset):
        return sorted(cell, key=str) if isinstance(cell, set | frozenset) else list(cell)
    return cell


def missing_among(names: Iterable[str]) -> set[str]:
    """Return the names that programs write where a label is missing; a minus beside a plus is none of them.

    >>> sorted(missing_among(["good", "n/a", "-"])), missing_among(["+", "-"])
    (['-', 'n/a'], set())
    """
    known = set(names)
    found = {name for name in known if name.lower() in MISSING}
    return found - {"-"} if "+" in known else found


def _gaps(cells: Sequence[Any], said: Sequence[str]) -> tuple[frozenset[str], list[str], list[str]]:
    """Return the spellings that mean that a label is missing, and what to tell."""
    if said:
        return frozenset(said), [], []
    counts: Counter[str] = Counter()
    for cell, count in Counter(filter(_is_text, cells)).items():
        counts[cell.strip()] += count
    total = sum(counts.values())
    amounts = _are_amounts(counts)
    odd = {name: counts[name] for name in missing_among(counts)}
    odd |= {name: count for name, count in counts.items() if amounts and name.lower() in NO_NUMBER}
    often = () if amounts else odd.items()
    classes = sorted(name for name, count in often if count >= A_CLASS * total and len(counts) > 1)
    gaps = frozenset(odd).difference(classes)
    count = sum(odd[name] for name in gaps)
    told: list[str] = [say("cells.gaps", count=count, names=", ".join(sorted(gaps)))] if gaps else []
    warned: list[str] = []
    if classes:
        listed = ",".join(classes)
        warned = [say("cells.gap_classes", names=", ".join(classes), listed=listed)]
    return gaps, told, warned


def _are_amounts(counts: Mapping[str, int]) -> bool:
    """Return whether cells are numbers of which each may be another, but for gaps and hardly anything else."""
    rest = {name: count for name, count in counts.items() if name and name.lower() not in NO_NUMBER}
    if len(rest) <= FEW_NUMBERS:
        return False
    numbers = {name: count for name, count in rest.items() if cell_kind(name) == "number"}
    return len(numbers) > FEW_NUMBERS and sum(numbers.values()) >= NEARLY_ALL * sum(rest.values())


def _commas_of_numbers(cells: Sequence[Any]) -> Literal["decimal", "thousands"] | None:
    """Return what the commas within numbers are, where they are certainly none between labels.

    That is where a part is 0 in front, as in 3,05 and 1,000, or repeats what stands before it, as in 3,3.

    >>> _commas_of_numbers(["3,05", "4", "2,7", "3,1", "0,5", "1,25"]), _commas_of_numbers(["1,3", "2,3", "1", "3"])
    ('decimal', None)
    """
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    known = set(texts)
    if len(known) <= FEW_NUMBERS or not any("," in one for one in known):
        return None
    parts = [one.lstrip("+-").split(",") for one in known if "," in one]
    sure = any((len(a) > 1 and a[0] == "0") or a == b for cell in parts for b, a in pairwise(cell))
    if not sure:
        return None
    if all(map(_THOUSANDS.fullmatch, known)):
        return "thousands"
    return "decimal" if all(map(_ONE_COMMA.fullmatch, known)) else None


def _lists(
    cells: Sequence[Any], said: str | None
) -> tuple[list[list[Any] | None] | None, str | None, tuple[list[str], list[str]]]:
    """Return cells as lists of names, None where each is one; with the separator and what to tell and warn of."""
    filled = [cell for cell in cells if cell is not None]
    if any(isinstance(cell, list) for cell in filled):
        return [cell if cell is None or isinstance(cell, list) else [cell] for cell in cells], said, ([], [])
    texts = [cell for cell in filled if isinstance(cell, str)]
    known = dict.fromkeys(texts)
    blanks = not any(_BETWEEN.search(text) for text in known)
    wrapped = {
        text: names for text in known if _WRAPPED.fullmatch(text) and (names := unwrap(text, blanks)) is not None
    }
    if wrapped and said != "none" and _all_lists(known, wrapped):
        found = [None if c is None else wrapped.get(c, [c]) if isinstance(c, str) else [c] for c in cells]
        return found, said, ([say("cells.lists")], [])
    if said is not None:
        if said == "none":
            return None, said, ([], [])
        return [None if c is None else split_label(str(c), said) for c in cells], said, ([], [])  # type: ignore[misc]
    if len(texts) < len(filled):
        return None, None, ([], [])
    if tree_separator(known):  # paths, which the guess of the task tells
        return None, "none", ([], [])
    separator, share = guess_separator(Counter(texts))
    if separator is None:
        return None, None, ([], [say("cells.blanks")] if _by_blanks(known) else [])
    shown = repr(separator)
    if share < DOUBTFUL:
        return None, None, ([], [])
    if share < RECOMBINED:
        doubt = say("cells.not_cut", shown=shown, typed=_typed(separator))
        return None, None, ([], [doubt])
    found = [None if c is None else [p.strip() for p in c.split(separator) if p.strip()] for c in cells]
    return found, separator, ([say("cells.cut", shown=shown)], [])


def _by_blanks(cells: Mapping[str, Any]) -> bool:
    """Return whether all words of cells are labels on their own, too, as in "billing urgent" beside both alone."""
    joined = [cell.split() for cell in cells if " " in cell.strip()]
    words = {word for few in joined for word in few}
    return len(joined) > 1 and all(word in cells for word in words)


def guess_separator(cells: Mapping[str, int]) -> tuple[str | None, float]:
    """Return what likeliest stands between labels, and the share of parts that occur in several combinations.

    "Books; Media" is one name where Books and Media occur nowhere else; "a; b" are two where "a" and "b; c" occur, too.

    >>> guess_separator({"a; b": 1, "a": 2, "b; c": 1, "c": 1}), guess_separator({"Books; Media": 9, "Garden": 5})
    ((';', 1.0), (';', 0.0))
    """
    best: tuple[str | None, float] = (None, 0.0)
    for separator in SEPARATORS:
        joined = {cell: parts for cell in cells if len(parts := _parts(cell, separator)) > 1}
        if not joined:
            continue
        within: dict[str, set[str]] = defaultdict(set)
        for cell in cells:
            for part in _parts(cell, separator):
                within[part].add(cell)
        names = {part for few in joined.values() for part in few}
        share = sum(len(within[name]) > 1 for name in names) / len(names)
        alone = 2 * sum(name in cells for name in names) >= len(names)
        if separator in _INSIDE_NAMES and not alone and len(joined) < 1.5 * len(names):
            share = min(share, DOUBTFUL)
        if max(map(len, names)) > 60 or len(names) > max(20, 0.5 * sum(cells.values())):
            continue  # rather a text than a list of labels
        if best[0] is None or share > best[1]:
            best = (separator, share)
    return best


def _parts(cell: str, separator: str) -> list[str]:
    return [part.strip() for part in cell.split(separator) if part.strip()] if separator in cell else [cell.strip()]


def _typed(separator: str) -> str:
    return {"\n": "newline", "\t": "tab"}.get(separator, f"'{separator}'")


def _all_lists(known: Mapping[str, Any], wrapped: Mapping[str, Any]) -> bool:
    """Return whether cells in brackets are lists: all are, or those that are not are members of the others."""
    if len(wrapped) == len(known):
        return True
    members = {part for names in wrapped.values() for part in names}
    others = [text.strip() for text in known if text not in wrapped]
    return len(wrapped) >= 0.9 * len(known) or sum(other in members for other in others) >= 0.5 * len(others)


def unwrap(text: str, blanks: bool = True) -> list[str] | None:
    """Return the names of a list in JSON, of Python, NumPy or a database, or bare in brackets; else None.

    Args:
        text: a cell.
        blanks: whether blanks may stand between bare names; not where commas do in other cells.
    """
    stripped = text.strip()
    if len(stripped) < 2 or stripped[0] + stripped[-1] not in ("[]", "()", "{}"):
        return None
    found = _literal(stripped)
    if isinstance(found, Mapping):
        inner = [value for key, value in found.items() if key in ("choices", "labels", "label", "names", "taxonomy")]
        found = inner[0] if inner else None
        found = [found] if isinstance(found, str) else found
    if isinstance(found, list | tuple | set):
        parts = [part for part in found if part is not None]
        flat = not any(isinstance(part, list | dict | tuple) for part in parts)
        return [str(part).strip() for part in parts] if flat else None
    if stripped[0] == "(" or ":" in stripped:
        return None
    inside = stripped[1:-1].strip()
    if quoted := [one or other for one, other in _QUOTED.findall(inside)]:  # numpy: no commas between
        return quoted
    between = r"[,;|]" if not blanks or _BETWEEN.search(inside) else r"\s+"
    return [part.strip() for part in re.split(between, inside) if part.strip()]


def _literal(text: str) -> Any:
    for read in (json.loads, literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        # Python joins 'a' 'b' into one text: what NumPy prints is no list of Python's.
        return None if read is literal_eval and re.search(r"['\"]\s+['\"]", text) else found
    return None


def _single(lists: Sequence[list[Any] | None], *, strict: bool = False) -> list[Any] | None:
    """Return one label a row where no list holds more than one; nothing where some do, or none holds any."""
    longest = max((len(cell) for cell in lists if cell is not None), default=0)
    if longest != 1 or (strict and any(not cell for cell in lists if cell is not None)):
        return None
    return [cell[0] if cell else None for cell in lists]


def _one_spelling(cells: Sequence[Any]) -> list[str | None]:
    """Return cells as names in one spelling: NFC, without blanks around them, whole numbers without their point."""
    names = {cell: _spell(cell) for cell in set(filter(_is_text, cells))}
    spelt = [names[c] if type(c) is str else None if c is None else _spell(c) for c in cells]
    known = {name for name in spelt if name is not None}
    if any(not name.isascii() for name in known):
        spelt = [name if name is None or name.isascii() else unicodedata.normalize("NFC", name) for name in spelt]
        known = {name for name in spelt if name is not None}
    if known and {name.lower() for name in known} <= {"true", "false"}:
        return [name and name.lower() for name in spelt]
    if known and all(map(_PLAIN_NUMBER.fullmatch, known)):
        short = {name: match[1] if (match := _TAIL_OF_ZEROS.fullmatch(name)) else name for name in known}
        return [None if name is None else short[name] for name in spelt]
    return list(spelt)


def _spell(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _variants(names: Sequence[Any]) -> list[str]:
    """Return a warning that names labels which differ only in case and blanks."""
    alike: dict[str, set[str]] = defaultdict(set)
    for name in set(names) - {None}:
        alike[" ".join(re.split(r"[\s_\-]+", str(name).casefold().strip()))].add(str(name))
    groups = [sorted(group) for group in alike.values() if len(group) > 1]
    if not groups:
        return []
    told = [joined(group, by="list.and") for group in sorted(groups)[:5]]
    listed = joined(told, by="list.semicolon")
    return [say("cells.variants", listed=listed)]
