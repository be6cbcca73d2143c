"""What metrics of paths in a tree are made of: nodes that two paths share, and levels down to which both agree."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from haoqi.data.label_paths import known_separator, levels_of, separator_of
from haoqi.evaluate.metric import Statistics

Path = tuple[str, ...]


def levels_in(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> tuple[list[Path], list[Path]]:
    """Return the levels of right and of answered paths; a missing one has none.

    Args:
        true: n paths.
        predicted: n paths.
        labels: the task's, which say what stands between levels; where there are none the paths do.

    Raises:
        ValueError: if the lengths differ.
    """
    if len(true) != len(predicted):
        raise ValueError(f"{len(true)} true labels against {len(predicted)} predicted ones")
    given = {str(one) for side in (true, predicted) for one in side if one is not None}
    separator = known_separator(labels) if labels else separator_of(given)
    cut = {one: levels_of(one, separator) for one in given}
    wanted, answered = ([() if one is None else cut[str(one)] for one in side] for side in (true, predicted))
    return wanted, answered


def true_as_far_as(true: Sequence[Any], predicted: Sequence[Any]) -> list[bool]:
    """Return whether each answered node is the right path or stands above it.

    >>> true_as_far_as(["a/b", "a/b", "a/c"], ["a", "a/b", "a/b"])
    [True, True, False]
    """
    sides = zip(*levels_in(true, predicted, ()), strict=True)
    return [bool(given) and wanted[: len(given)] == given for wanted, given in sides]


def agreement(one: Path, other: Path) -> int:
    """Return down to which level two paths agree.

    >>> agreement(("a", "b", "c"), ("a", "b")), agreement(("a", "b"), ("x", "b"))
    (2, 0)
    """
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(one, other, strict=False)))


def shared_nodes(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    """Return per example how many nodes of the paths are shared, true and answered, the root left out: shape (n, 3)."""
    from scipy.sparse import csr_array

    rows = [(agreement(t, p), len(t), len(p)) for t, p in zip(*levels_in(true, predicted, labels), strict=True)]
    return csr_array(np.array(rows, dtype=np.float64).reshape(len(rows), 3))


def right_by_level(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    """Return per example which levels are right with all above, and which the true path has: shape (n, 2 * levels)."""
    from scipy.sparse import csr_array

    wanted, answered = levels_in(true, predicted, labels)
    separator = known_separator(labels) if labels else None
    depth = max([1, *map(len, wanted), *(len(levels_of(one, separator)) for one in labels)])
    found = np.zeros((len(wanted), 2 * depth))
    for row, (t, p) in enumerate(zip(wanted, answered, strict=True)):
        found[row, : agreement(t, p)] = 1.0
        found[row, depth : depth + len(t)] = 1.0
    return csr_array(found)
