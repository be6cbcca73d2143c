"""Labels that are paths in a tree, as in sports/football: what cuts them, their levels, and what makes a tree."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

SEPARATORS = ("::", ">", "/")
"""What may stand between the levels of a path, the clearest first; | and ; stand between several labels instead."""

BETWEEN = {"::": "::", ">": " > ", "/": "/"}
"""How each is written between levels; a path given as a list or in several columns is written with the second."""

# Of so many different paths on, and so many below each top level on average, labels joined by / are paths rather than
# names that happen to have one, such as n/a, km/h and and/or.
_FEWEST, _EACH = 4, 1.5
# From this share of the labels on that have a separator, and of the names that stand in one place only.
_MOSTLY, _ONE_PLACE = 0.75, 0.75
_WIDE = str.maketrans({"＞": ">", "／": "/"})
_NO_NAME = re.compile(r"[\d\s.,:%-]*")


def separator_of(labels: Iterable[str]) -> str | None:
    """Return what stands between the levels of most of these labels; None where nothing does.

    >>> separator_of(["Home > Pots/Pans", "Home > Knives", "Garden"]), separator_of(["ham", "spam"])
    ('>', None)
    """
    known = set(labels)
    counts = {one: sum(one in label for label in known) for one in SEPARATORS}
    best = max(SEPARATORS, key=lambda one: counts[one])  # of those as frequent as each other the clearest
    return best if counts[best] else None


@lru_cache(maxsize=8)
def known_separator(labels: tuple[str, ...]) -> str | None:
    """Return `separator_of` a task's labels, which are asked about again and again."""
    return separator_of(labels)


def levels_of(label: str, separator: str | None) -> tuple[str, ...]:
    """Return the levels of a path from the top down; a label without a separator is its own only level.

    >>> levels_of("Sports > Football", ">"), levels_of("/news/", "/")
    (('Sports', 'Football'), ('news',))
    """
    if separator is None or separator not in label:
        return (label,)
    return tuple(name for part in label.split(separator) if (name := part.strip())) or (label,)


def join_levels(levels: Iterable[str], separator: str | None) -> str:
    """Return the path with these levels."""
    return BETWEEN[separator or ">"].join(levels)


def spell_path(cell: str) -> str:
    """Return a path with its separator as it is usually written, the full-width forms among them.

    >>> spell_path("Sports>Football "), spell_path("体育／足球"), spell_path("a::b")
    ('Sports > Football', '体育/足球', 'a::b')
    """
    plain = cell.translate(_WIDE)
    separator = next((one for one in SEPARATORS if one in plain), None)
    if separator is None:
        return cell.strip()
    return join_levels(levels_of(plain, separator), separator)


def tree_separator(labels: Iterable[str]) -> str | None:
    """Return what cuts these labels into paths, where they clearly form a tree; else None.

    >>> tree_separator(["sports/football", "sports/tennis", "music/rock", "music/jazz"])
    '/'
    >>> tree_separator(["km/h", "m/s", "n/a", "and/or"]), tree_separator(["a/b", "a/c", "b/c", "b/d"])
    (None, None)
    """
    known = {spell_path(label) for label in labels}
    separator = separator_of(known)
    joined = sum(separator in label for label in known) if separator else 0
    if separator is None or joined < _MOSTLY * len(known) - _roots_alone(known, separator):
        return None
    paths = [levels_of(label, separator) for label in known]
    return separator if forms_tree(paths, sure=separator != "/") else None


def forms_tree(paths: Sequence[Sequence[str]], *, sure: bool = False) -> bool:
    """Return whether paths clearly form a tree: several children below each top level, each name in one place.

    Args:
        paths: the levels of each, from the top down.
        sure: whether what stood between them is hardly used for anything else.
    """
    known = {tuple(path) for path in paths}
    deep = [path for path in known if len(path) > 1]
    roots = {path[0] for path in deep}
    if len(deep) < (2 if sure else _FEWEST) or len(deep) < _EACH * len(roots):
        return False
    if any(_NO_NAME.fullmatch(name) for path in deep for name in path):
        return False  # dates, versions, fractions
    places: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for path in known:
        for level, name in enumerate(path):
            places[name].add((level, path[level - 1] if level else ""))
    if any(level for root in roots for level, _ in places[root]):
        return False  # a top level that stands below another one: rather several labels side by side
    below = [name for name in places if name not in roots]
    once = sum(len(places[name]) == 1 for name in below)
    return once >= _ONE_PLACE * len(below)


def list_paths(cells: Iterable[Sequence[str]]) -> bool:
    """Return whether lists of names are paths from the top down rather than several labels of a text.

    A path always begins at the top: where a name stands first in some cells it never stands behind another, all cells
    are about as long as each other, and there are several tops with several names below each.

    >>> list_paths([["a", "x"], ["a", "y"], ["b", "z"], ["b", "w"]]), list_paths([["a", "b"], ["b"], ["b", "c"]])
    (True, False)
    """
    counts = Counter(tuple(cell) for cell in cells)
    known = [path for path in counts if path]
    alone = sum(len(path) == 1 for path in known)
    tops = {path[0] for path in known if len(path) > 1}
    return len(tops) > 1 and alone <= len(tops) and forms_tree(known)


def _roots_alone(known: set[str], separator: str) -> int:
    """Return how many labels are the top level of others, as where some rows are labelled no deeper."""
    roots = {levels_of(label, separator)[0] for label in known if separator in label}
    return sum(label in roots for label in known)
