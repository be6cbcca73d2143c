"""What recipes share: new rows beside those that are there, and which labels a row holds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from haoqi.data.answers import AnswerKind
from haoqi.data.examples import Examples, Indices, Weights
from haoqi.data.recipes import Floats, RecipeTools


def with_rows(examples: Examples, rows: Sequence[int] | Indices, share: float | Weights, **columns: Any) -> Examples:
    """Return the examples, and after them copies of some rows with other columns.

    Args:
        examples: what is there.
        rows: what the new rows are made of, as positions.
        share: how much a new row counts, as a share of the row that it was made of.
        columns: what is other in the new rows, one entry each.
    """
    if not len(rows):
        return examples
    new = examples.take(rows)
    return Examples.join([examples, replace(new, weights=(new.counting * share).tolist(), **columns)])


def names_in(label: Any, kind: AnswerKind) -> tuple[str, ...]:
    """Return the labels that a row holds: one, several, or the types of its spans, each once."""
    if label is None:
        return ()
    if kind.one_class:
        return (str(label),)
    return tuple(sorted({str(one) if kind.several_classes else str(one[2]) for one in label}))


def sparing(examples: Examples, rows: Sequence[int] | Indices, kind: AnswerKind) -> list[int]:
    """Return those of the rows, in their order, that can go without the last row of any label going."""
    left = Counter(name for label in examples.labels for name in names_in(label, kind))
    going: list[int] = []
    for row in map(int, rows):
        names = names_in(examples.labels[row], kind)
        if all(left[name] > 1 for name in names):
            left.subtract(names)
            going.append(row)
    return going


def percent(share: float) -> str:
    """Return a share as a person reads it.

    >>> percent(0.05), percent(0.125)
    ('5%', '12.5%')
    """
    return f"{100 * share:.3g}%"


def answered(chances: Floats, tools: RecipeTools) -> tuple[list[Any], Floats]:
    """Return the likeliest answer to each text, and how likely it is.

    Args:
        chances: probabilities, shape (n, labels).
        tools: says whether a text has one label or several.
    """
    if tools.kind.one_class:
        best = chances.argmax(axis=1)
        return [tools.labels[number] for number in best], chances[np.arange(len(best)), best]
    holds = chances > 0.5
    labels = [tuple(sorted(tools.labels[number] for number in np.flatnonzero(row))) for row in holds]
    return labels, np.where(holds, chances, 1 - chances).min(axis=1)
