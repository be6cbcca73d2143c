"""Divide rows into train, validation and test, so that what belongs together stays together."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from haoqi.data.examples import Examples, Indices, Span
from haoqi.data.preparing.duplicates.dedupe import TEST, TRAIN, VALID, Codes

SPREAD_ROWS = 3
"""A class with so many rows is learnt and tested, and with so many units validated as well, whatever the shares."""


LEAST_GROUPS = 4
"""Groups stay together in folds where there are so many of them for each fold."""


def carve(
    strata: Sequence[str],
    units: Indices,
    shares: tuple[float, float],
    rng: np.random.Generator,
    *,
    classes: Sequence[Collection[str]] = (),
) -> Codes:
    """Return the split of each row, in like shares of every stratum.

    Rows of one unit stay together. Of each stratum the largest unit goes to train first, so that a rare
    class is learnt before it is tested; a unit too large for what a split still lacks goes to train. Then each
    class that a split lacks all the same gets one unit of its rows there, as far as it has enough of them.

    Args:
        strata: what each row counts as, such as its label.
        units: which rows stay together, shape (n,).
        shares: of the validation and of the test split; 0 gives none.
        rng: shuffles.
        classes: those in each row, which no split should lack, n of them; none where shares are all that counts.
    """
    parts = np.full(len(strata), TRAIN, np.int8)
    members: dict[str, list[list[int]]] = defaultdict(list)
    for rows in _units(units):
        members[strata[rows[0]]].append(rows)
    names = sorted(members)
    sizes = np.array([sum(map(len, members[name])) for name in names])
    free = sizes - np.array([max(map(len, members[name])) for name in names])
    queues = {}
    for name in names:
        held = members[name]
        held = [held[at] for at in rng.permutation(len(held))]
        largest = max(range(len(held)), key=lambda at: len(held[at]))
        queues[name] = held[:largest] + held[largest + 1 :]
    for part, share in ((TEST, shares[1]), (VALID, shares[0])):
        quotas = _quotas(sizes, free, share, rng)
        for number, name in enumerate(names):
            quota, kept = int(quotas[number]), []
            for rows in queues[name]:
                if len(rows) <= quota:
                    parts[rows] = part
                    quota -= len(rows)
                    free[number] -= len(rows)
                else:
                    kept.append(rows)
            queues[name] = kept
    if classes:
        for part in (part for part, share in ((TEST, shares[1]), (VALID, shares[0])) if share > 0):
            _seat(parts, part, _units(units), classes, rng=rng)
    return parts


def in_folds(examples: Examples, count: int, rng: np.random.Generator) -> Indices:
    """Return the fold of each example, in [0, count), shape (n,).

    Rows made of one row are in one fold, and so are those of one group, and questions on one context, where there are
    groups or contexts enough. The labels are spread over all folds: where a fold has more of one than its share, what
    it is answered by has fewer, and with few examples every model would seem to be mostly wrong.
    """
    together = examples.together
    if examples.contexts is not None:
        sources = _contexts_apart(examples, count)
    else:
        sources = together if together.max(initial=0) + 1 >= LEAST_GROUPS * count else examples.sources
    kinds = dict(reversed(list(zip(sources.tolist(), strata_of(examples.labels), strict=True))))  # of their first rows
    order = rng.permutation(len(kinds))
    dealt = sorted(order.tolist(), key=lambda source: kinds[source])
    fold_of = np.zeros(len(kinds), np.int64)
    fold_of[dealt] = np.arange(len(dealt)) % count
    found: Indices = fold_of[sources]
    return found


def some_rows(examples: Examples, most: int, rng: np.random.Generator) -> Indices:
    """Return at most so many rows drawn at random, sorted; of examples in groups whole groups, at least one."""
    if examples.groups is None or len(examples) <= most:
        return np.sort(rng.permutation(len(examples))[:most])
    together = examples.together
    order = rng.permutation(int(together.max()) + 1)
    ends = np.cumsum(np.bincount(together)[order])
    return np.flatnonzero(np.isin(together, order[: max(1, int((ends <= most).sum()))]))


def _contexts_apart(examples: Examples, count: int) -> Indices:
    """Return the same number for rows with one context, where there are so many contexts; else `sources`."""
    contexts = examples.contexts or []
    numbers = {context: place for place, context in enumerate(dict.fromkeys(contexts))}
    if len(numbers) < count:
        return examples.sources
    return np.fromiter((numbers[context] for context in contexts), np.int64, len(contexts))


def by_group(units: Indices, shares: tuple[float, float], rng: np.random.Generator) -> Codes:
    """Return the split of each row where whole groups are drawn, whatever their labels.

    The splits come as near to their shares as the sizes of the groups allow; train keeps the largest group.
    """
    parts = np.full(len(units), TRAIN, np.int8)
    groups = sorted(_units(units), key=len)
    drawn = [groups[at] for at in rng.permutation(max(0, len(groups) - 1))]  # the largest is last and not drawn
    for part, share in ((TEST, shares[1]), (VALID, shares[0])):
        if share <= 0:
            continue
        quota, taken, kept = max(1, round(share * len(units))), 0, []
        for rows in drawn:
            if taken + len(rows) <= quota:
                parts[rows] = part
                taken += len(rows)
            else:
                kept.append(rows)
        if not taken and kept:
            smallest = min(range(len(kept)), key=lambda at: len(kept[at]))
            parts[kept.pop(smallest)] = part
        drawn = kept
    return parts


def by_time(times: Sequence[float], shares: tuple[float, float]) -> Codes:
    """Return the split of each row where the newest are tested and those before them validate."""
    order = np.argsort(np.array(times), kind="stable")
    parts = np.full(len(times), TRAIN, np.int8)
    test = max(1, round(shares[1] * len(times))) if shares[1] > 0 else 0
    valid = max(1, round(shares[0] * len(times))) if shares[0] > 0 else 0
    parts[order[len(order) - test :]] = TEST
    parts[order[len(order) - test - valid : len(order) - test]] = VALID
    return parts


def strata_of(labels: Sequence[Any]) -> list[str]:
    """Return what each label counts as when splits are made alike.

    A class is itself; several classes or spans count as the rarest of them, which is the hardest to spread;
    numbers fall into ten ranges of equal size.
    """
    numbers = [label for label in labels if isinstance(label, float)]
    if numbers:
        edges = np.quantile(numbers, np.linspace(0, 1, 11)[1:-1])
        return [str(int(np.searchsorted(edges, label))) if isinstance(label, float) else "" for label in labels]
    counts = Counter(name for label in labels for name in set(names_of(label)))
    return [min(names_of(label), key=lambda name: (counts[name], name), default="") for label in labels]


def names_of(label: Any) -> list[str]:
    """Return the names of classes in a label, once for each time they occur."""
    if isinstance(label, str):
        return [label]
    return [part.label if isinstance(part, Span) else str(part) for part in label] if isinstance(label, tuple) else []


def _quotas(sizes: Indices, free: Indices, share: float, rng: np.random.Generator) -> Indices:
    """Return how many rows each stratum gives, at most what is free; the sum comes as near to its share as can be."""
    wanted = sizes * share
    whole: Indices = np.minimum(np.floor(wanted), free).astype(np.int64)
    total = int(min(max(round(float(wanted.sum())), 1), free.sum())) if share > 0 else 0
    rest = wanted - whole + rng.random(len(sizes)) * 1e-9  # ties fall fairly
    for number in np.argsort(-rest):
        if whole.sum() >= total:
            break
        if whole[number] < free[number]:
            whole[number] += 1
    return whole


def _seat(
    parts: Codes, part: int, units: list[list[int]], names: Sequence[Collection[str]], *, rng: np.random.Generator
) -> None:
    """Move a unit of every class that a split lacks into it, the rarest class first, as far as train keeps one.

    The test split has a claim on validation rows where train has one unit only. Of the units that could be moved the
    one with the most classes that are lacking is, and of these the smallest.
    """
    rows_of = Counter(name for found in names for name in set(found))
    present = {name for row in np.flatnonzero(parts == part).tolist() for name in names[row]}
    lacking = {name for name, count in rows_of.items() if count >= SPREAD_ROWS and name not in present}
    if not lacking:
        return
    classes = [{name for row in rows for name in names[row]} for rows in units]
    homes = [int(parts[rows[0]]) for rows in units]
    learnt = Counter(name for found, home in zip(classes, homes, strict=True) if home == TRAIN for name in found)
    holders = defaultdict(list)
    for at, found in enumerate(classes):
        for name in found & lacking:
            holders[name].append(at)
    for name in sorted(lacking, key=lambda name: (rows_of[name], name)):
        held = holders[name] if name in lacking else []  # it may have come with another
        able = [at for at in held if homes[at] == TRAIN and all(learnt[one] > 1 for one in classes[at])]
        if not able and part == TEST:
            able = [at for at in held if homes[at] == VALID]
        if able:
            able = [able[at] for at in rng.permutation(len(able))]
            chosen = min(able, key=lambda at: (-len(classes[at] & lacking), len(units[at])))
            learnt.subtract(classes[chosen] if homes[chosen] == TRAIN else ())
            parts[units[chosen]] = homes[chosen] = part
            lacking = lacking - classes[chosen]


def _units(units: Indices) -> list[list[int]]:
    order = np.argsort(units, kind="stable")
    edges = np.flatnonzero(np.diff(units[order])) + 1
    return [rows.tolist() for rows in np.split(order, edges)] if len(order) else []
