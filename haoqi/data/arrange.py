"""Which splits are given, which are still to be made, and how."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from haoqi.core.errors import UserError
from haoqi.data.dedupe import TEST, TRAIN, VALID, Codes
from haoqi.data.examples import Indices
from haoqi.data.near import clusters
from haoqi.data.rows import Rows
from haoqi.data.settings import DataSettings
from haoqi.data.split import by_group, by_time, carve, strata_of


@dataclass(frozen=True)
class Division:
    """How rows become splits."""

    how: str
    """"given", "stratified", "group", "time" or "random"."""
    shares: tuple[float, float]
    """Of the validation and the test split that are still to be made from train; 0 where given."""
    given: bool
    """Whether the source came with its own test split."""


def arrange(rows: Rows, settings: DataSettings) -> tuple[Rows, Division]:
    """Return rows with the splits known before texts are compared, and how the others are to be made.

    A source that gives validation but no test rows lends its validation rows as the test split. Splits by time
    are made here, since time alone decides; all others later, when it is known which texts are nearly equal.

    Raises:
        UserError: if there is nothing to train on, or a column that the split needs is missing.
    """
    held = set(np.unique(rows.parts).tolist())
    parts = rows.parts
    if VALID in held and TEST not in held:
        parts = np.where(parts == VALID, np.int8(TEST), parts)
        held = held - {VALID} | {TEST}
        rows = rows.told("no test split is given: the validation split is tested on, and a new one is made from train")
    if TRAIN not in held:
        raise UserError(f"{rows.source} has no training rows", "give them with --train-file")
    shares = (0.0 if VALID in held else settings.valid, 0.0 if TEST in held else settings.test)
    how = "given" if not any(shares) else settings.split or _guess(rows, settings)
    division = Division(how, shares, TEST in held)
    if how == "time":
        parts = _in_time(rows, parts, shares)
    if how == "group" and rows.examples.groups is None:
        raise UserError("a split by group needs a column of groups", "name it: --group COLUMN")
    return replace(rows, parts=parts), division


def divide(rows: Rows, pairs: Indices, division: Division, rng: np.random.Generator) -> tuple[Codes, Indices]:
    """Return the split of each row, and which cluster of nearly equal texts it lies in, shape (n,) each.

    Args:
        rows: with the splits that are given.
        pairs: of nearly equal rows of one split, shape (m, 2).
        division: how to make the splits that are not.
        rng: draws the rows.
    """
    count = len(rows.examples)
    units = clusters(count, pairs)
    if division.how in ("given", "time"):
        return rows.parts, units
    free = np.flatnonzero(rows.parts == TRAIN)
    parts = rows.parts.copy()
    if division.how == "group":
        assert rows.examples.groups is not None
        together = clusters(count, np.concatenate((pairs, _linked(rows.examples.groups))))[free]
        _check_groups(rows, together)
        parts[free] = by_group(together, division.shares, rng)
    else:
        labels = [rows.examples.labels[row] for row in free]
        strata = strata_of(labels) if division.how == "stratified" else [""] * len(free)
        parts[free] = carve(strata, units[free], division.shares, rng)
    return parts, units


def _guess(rows: Rows, settings: DataSettings) -> str:
    if settings.time:
        return "time"
    return "group" if rows.examples.groups is not None else "stratified"


def _in_time(rows: Rows, parts: Codes, shares: tuple[float, float]) -> Codes:
    if rows.examples.times is None:
        raise UserError("a split by time needs a column of dates", "name it: --time COLUMN")
    free = np.flatnonzero(parts == TRAIN)
    parts = parts.copy()
    parts[free] = by_time([rows.examples.times[row] for row in free], shares)
    return parts


def _linked(groups: Sequence[str]) -> Indices:
    """Return pairs that tie each row to the first of its group; rows without a group stand alone."""
    first: dict[str, int] = {}
    return np.array([(first.setdefault(name, row), row) for row, name in enumerate(groups) if name], np.int64).reshape(
        -1, 2
    )


def _check_groups(rows: Rows, together: Indices) -> None:
    if len(np.unique(together)) < 3:
        raise UserError(f"{rows.source} has fewer than three groups", "use --split stratified, or name another --group")
