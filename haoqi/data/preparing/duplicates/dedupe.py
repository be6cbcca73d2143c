"""Exact duplicates and contradictions: what to leave out so that every text is learnt once and tested apart."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.core.say import say

TRAIN, VALID, TEST, UNLABELLED = 0, 1, 2, 3
Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Contradiction:
    """One text that came with several labels."""

    row: int
    """A row that has the text."""
    labels: dict[str, int]
    """How often each label was given."""


@dataclass(frozen=True)
class Duplicates:
    """What an exact comparison found."""

    dropped: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    """Reason to the number of rows dropped for it."""
    contradictions: list[Contradiction] = field(default_factory=list)
    """The most frequent texts first."""


def exact(keys: Sequence[str], labels: Sequence[Any], parts: Codes, classes: bool) -> Duplicates:
    """Return which rows to leave out because another has the same text.

    A test row is never left out, and a validation row only for a test row. Of equal training rows with one
    label the first stays. Where labels contradict each other the first row of the label given most often
    stays, and none if there is no such label: nobody knows then which is right.

    Args:
        keys: the normalised text of each row.
        labels: the label of each row, None where unlabelled.
        parts: the split of each row, codes of this module.
        classes: whether labels are classes or spans, so that two different ones for a text contradict each
            other; answers and numbers may well differ.
    """
    found = Duplicates()
    for rows in _groups(keys):
        _contradiction(rows, labels, classes, found)
        held = {int(parts[row]) for row in rows}
        for row in rows:
            part = int(parts[row])
            if TEST in held and part != TEST:
                _drop(found, row, "left.equal_test")
            elif VALID in held and part in (TRAIN, UNLABELLED) and TEST not in held:
                _drop(found, row, "left.equal_valid")
        if not held & {TEST, VALID}:
            _thin(rows, labels, classes, found)
    found.contradictions.sort(key=lambda one: -sum(one.labels.values()))
    return found


def straddling(pairs: npt.NDArray[np.int64], parts: Codes) -> tuple[set[int], Counter[str]]:
    """Return which rows of nearly equal pairs to leave out so that no pair lies in two splits, and how many why.

    Test rows stay; validation rows give way to test rows, all others to both.
    """
    rank = {TEST: 3, VALID: 2, TRAIN: 1, UNLABELLED: 0}
    dropped: set[int] = set()
    for i, j in sorted(pairs.tolist(), key=lambda pair: -max(rank[int(parts[row])] for row in pair)):
        if parts[i] == parts[j] or {int(parts[i]), int(parts[j])} == {TRAIN, UNLABELLED} or dropped & {i, j}:
            continue
        dropped.add(min(i, j, key=lambda row: rank[int(parts[row])]))
    return dropped, Counter({say("left.near"): len(dropped)} if dropped else {})


def _groups(keys: Sequence[str]) -> Iterable[list[int]]:
    first: dict[str, int] = {}
    groups: dict[int, list[int]] = {}
    for row, key in enumerate(keys):
        before = first.setdefault(key, row)
        if before != row:
            groups.setdefault(before, [before]).append(row)
    return groups.values()


def _contradiction(rows: list[int], labels: Sequence[Any], classes: bool, found: Duplicates) -> None:
    counts = Counter(labels[row] for row in rows if labels[row] is not None)
    if classes and len(counts) > 1:
        found.contradictions.append(Contradiction(rows[0], {spell(label): n for label, n in counts.most_common()}))


def _thin(rows: list[int], labels: Sequence[Any], classes: bool, found: Duplicates) -> None:
    """Leave out all but one of equal rows, none of which is in a validation or test split."""
    labelled = [row for row in rows if labels[row] is not None]
    counts = Counter(labels[row] for row in labelled).most_common(2)
    if not labelled:
        for row in rows[1:]:
            _drop(found, row, "left.duplicate")
        return
    tie = classes and len(counts) > 1 and counts[0][1] == counts[1][1]
    kept: set[Any] = set()
    for row in rows:
        wanted = labels[row] is not None and (not classes or labels[row] == counts[0][0])
        if tie:
            _drop(found, row, "left.contradicting")
        elif wanted and labels[row] not in kept:
            kept.add(labels[row])
        else:
            _drop(found, row, "left.duplicate" if wanted or labels[row] is None else "left.contradicting")


def _drop(found: Duplicates, row: int, reason: str) -> None:
    found.dropped.add(row)
    found.counts[_said(reason)] += 1


@cache
def _said(reason: str) -> str:
    return say(reason)


def spell(label: Any) -> str:
    """Return a label as a person reads it."""
    if label == ():
        return "nothing"
    if isinstance(label, tuple):
        return ", ".join(part if isinstance(part, str) else f"{part.label} {part.start}-{part.end}" for part in label)
    return str(label)
