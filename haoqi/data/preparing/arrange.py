"""Which splits are given, which are still to be made, and how."""

from dataclasses import dataclass, replace

import numpy as np

from haoqi.core.errors import UserError
from haoqi.core.say import say
from haoqi.data.examples import Indices, key_of
from haoqi.data.preparing.clean import normalise
from haoqi.data.preparing.duplicates.dedupe import TEST, TRAIN, VALID, Codes
from haoqi.data.preparing.rows import Rows
from haoqi.data.preparing.split import by_group, by_time, carve, names_of, strata_of
from haoqi.data.settings import DataSettings

FEWEST_GROUPS = 3
"""One for each split."""


@dataclass(frozen=True)
class Division:
    """How rows become splits."""

    how: str
    """"given", "stratified", "group", "time" or "random"."""
    shares: tuple[float, float]
    """Of the validation and the test split that are still to be made from train; 0 where given."""
    given: bool
    """Whether the source came with its own test split."""
    most: tuple[int, int]
    """Rows of the validation and the test split at most."""

    def capped(self, count: int) -> tuple[float, float]:
        """Return the shares of so many rows that keep both splits within their limits."""
        valid, test = (min(share, most / max(1, count)) for share, most in zip(self.shares, self.most, strict=True))
        return valid, test


def arrange(
    rows: Rows, settings: DataSettings, rng: np.random.Generator, *, classes: bool = True
) -> tuple[Rows, Division]:
    """Return rows with the splits known before texts are compared, and how the others are to be made.

    A source that gives validation but no test rows lends its validation rows as the test split. Splits by time
    and by group are made here, since they do not ask which texts are alike; the others later, when that is known.
    Only classes, spans and numbers can be spread evenly; free answers are drawn at random.

    Raises:
        UserError: if there is nothing to train on, or a column that the split needs is missing.
    """
    held = set(np.unique(rows.parts).tolist())
    parts = rows.parts
    if VALID in held and TEST not in held:
        parts = np.where(parts == VALID, np.int8(TEST), parts)
        held = held - {VALID} | {TEST}
        rows = rows.told(say("split.test_of_valid"))
    if TRAIN not in held:
        raise UserError(say("split.no_train", source=rows.source), say("split.no_train.hint"))
    shares = (0.0 if VALID in held else settings.valid, 0.0 if TEST in held else settings.test)
    how = "given" if not any(shares) else settings.split or _guess(rows, settings)
    if how == "stratified" and not classes and any(isinstance(label, str) for label in rows.examples.labels):
        how = "random"
    division = Division(how, shares, TEST in held, (settings.most_valid, settings.most_test))
    free = np.flatnonzero(parts == TRAIN)
    parts = parts.copy()
    if how == "time":
        parts[free] = by_time(_times(rows, free), division.capped(len(free)))
    elif how == "group":
        parts[free] = by_group(_groups(rows, free), division.capped(len(free)), rng)
    return replace(rows, parts=parts), division


def with_contexts_together(rows: Rows) -> Rows:
    """Return rows of which those with one context are a group, where no groups were given and there are some.

    A context that was learnt from would otherwise be tested by another of its questions.
    """
    contexts = rows.examples.contexts
    if contexts is None or rows.examples.groups is not None:
        return rows
    names = [key_of(normalise(context)) if context else "" for context in contexts]
    return replace(rows, examples=replace(rows.examples, groups=names)) if len(set(names)) >= FEWEST_GROUPS else rows


def divide(rows: Rows, units: Indices, division: Division, rng: np.random.Generator) -> Codes:
    """Return the split of each row, shape (n,), where nearly equal texts stay together.

    Args:
        rows: with the splits that are given.
        units: the cluster of nearly equal texts that each row lies in, shape (n,).
        division: how to make the splits that are not given.
        rng: draws the rows.
    """
    parts = rows.parts.copy()
    if division.how in ("stratified", "random"):
        free = np.flatnonzero(parts == TRAIN)
        labels = [rows.examples.labels[row] for row in free]
        strata = strata_of(labels) if division.how == "stratified" else [""] * len(free)
        names = [names_of(label) for label in labels] if division.how == "stratified" else []
        parts[free] = carve(strata, units[free], division.capped(len(free)), rng, classes=names)
    return parts


def _guess(rows: Rows, settings: DataSettings) -> str:
    if settings.time:
        return "time"
    return "group" if rows.examples.groups is not None else "stratified"


def _times(rows: Rows, free: Indices) -> list[float]:
    if rows.examples.times is None:
        raise UserError(say("split.needs_time"), say("split.needs_time.hint"))
    return [rows.examples.times[row] for row in free]


def _groups(rows: Rows, free: Indices) -> Indices:
    """Return a number for the group of each row; rows without a group stand alone."""
    names = rows.examples.groups
    if names is None:
        raise UserError(say("split.needs_group"), say("split.needs_group.hint"))
    first: dict[str, int] = {}
    groups = np.array([first.setdefault(names[row], row) if names[row] else row for row in free.tolist()], np.int64)
    if len(set(groups.tolist())) < FEWEST_GROUPS:
        raise UserError(say("split.few_groups", source=rows.source), say("split.few_groups.hint"))
    return groups
