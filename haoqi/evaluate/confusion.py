"""Which labels are taken for which, and how well each is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from haoqi.evaluate.counts import counts_by_label, f1_by_label, items, label_of, ratio
from haoqi.evaluate.tags import Offsets, spans_to_tags, tag_names

Matrix = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelRow:
    """How well one label (span type, tag) is found."""

    label: str
    precision: float
    """Share of the predicted ones that are right; 0 where none is predicted."""
    recall: float
    """Share of the true ones that are found; 0 where none is true."""
    f1: float
    support: int
    """How many are true."""
    predicted: int
    """How many are predicted."""
    right: int
    """How many are both."""


@dataclass(frozen=True)
class Confused:
    """A label that was taken for another."""

    true: str
    predicted: str
    count: int


def known_labels(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels, then those that occur in one-label answers without being among them, sorted."""
    return (*labels, *sorted({*true, *predicted}.difference(labels)))


def confusion(true: Sequence[str], predicted: Sequence[str], labels: tuple[str, ...]) -> Matrix:
    """Return how often each true label (row) was predicted as each label (column).

    Args:
        true: n labels.
        predicted: n labels.
        labels: the labels of rows and columns, in order.

    Returns:
        Shape (labels, labels).

    Raises:
        ValueError: if the lengths differ, or a label is not among them.
    """
    place = {label: index for index, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), dtype=np.int64)
    try:
        rows = [place[label] for label in true]
        columns = [place[label] for label in predicted]
    except KeyError as error:
        raise ValueError(f"the label {error.args[0]!r} is not one of the {len(labels)} labels") from None
    if len(rows) != len(columns):
        raise ValueError(f"{len(rows)} true labels against {len(columns)} predicted ones")
    np.add.at(matrix, (rows, columns), 1)
    return matrix


def confusion_per_label(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Matrix:
    """Return for each label of several-label answers how often it was rightly and wrongly given and left out.

    Returns:
        Shape (labels, 2, 2): rows are truly absent and present, columns predicted absent and present.
    """
    right, support, given = _totals(true, predicted, labels)[:, : len(labels)]
    found = np.array([[len(true) - support - given + right, given - right], [support - right, right]])
    return np.moveaxis(found, -1, 0)


def most_confused(matrix: Matrix, labels: tuple[str, ...], limit: int = 20) -> tuple[Confused, ...]:
    """Return the pairs of labels most often confused, the worst first.

    Args:
        matrix: from `confusion`.
        labels: its labels.
        limit: how many pairs at most.
    """
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:limit]
    places = [divmod(int(index), len(labels)) for index in order]
    return tuple(
        Confused(labels[row], labels[column], int(wrong[row, column])) for row, column in places if wrong[row, column]
    )


def label_table(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> tuple[LabelRow, ...]:
    """Return precision, recall and F1 of each label, or of each span type where answers are spans.

    Args:
        true: n labels: a class, a tuple of classes, or a tuple of spans each.
        predicted: n labels of the same kind.
        labels: the task's labels; others that occur follow them.
    """
    found = {label_of(item) for side in (true, predicted) for answer in side for item in items(answer)}
    return _rows(_totals(true, predicted, labels), (*labels, *sorted(found.difference(labels))))


def tag_table(
    true: Sequence[Any], predicted: Sequence[Any], words: Sequence[Offsets], types: tuple[str, ...]
) -> tuple[LabelRow, ...]:
    """Return precision, recall and F1 of each tag on words, O included, as a token classifier's report has them.

    Args:
        true: n tuples of spans.
        predicted: n tuples of spans.
        words: (start, end) of the words of each text.
        types: the span types.
    """
    names = tag_names(types)
    sides = []
    for side in (true, predicted):
        tags = [spans_to_tags(spans, row, types) for spans, row in zip(side, words, strict=True)]
        sides.append(np.concatenate(tags) if tags else np.zeros(0, dtype=np.int64))
    matrix = np.bincount(sides[0] * len(names) + sides[1], minlength=len(names) ** 2).reshape(len(names), len(names))
    return _rows(np.stack([np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)]), names)


def average_rows(rows: Sequence[LabelRow]) -> tuple[LabelRow, LabelRow]:
    """Return the micro average of labels, of all that was counted together, and the macro average, each label alike.

    They are those of scikit-learn's classification report: labels that neither are true nor predicted have no part in
    the mean, and of tags on words the micro average, O included, is the share of words that are right.
    """
    occurring = [row for row in rows if row.support or row.predicted]
    support, predicted, right = (sum(getattr(row, name) for row in rows) for name in ("support", "predicted", "right"))
    counted = np.array([right, support, predicted], dtype=np.int64)[:, None]
    precision, recall, score = (
        float(np.mean([getattr(row, one) for row in occurring] or [0.0])) for one in ("precision", "recall", "f1")
    )
    return _rows(counted, ("micro",))[0], LabelRow("macro", precision, recall, score, support, predicted, right)


def _totals(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Matrix:
    """Return how often each label was right, true and predicted, shape (3, labels)."""
    totals = np.asarray(counts_by_label(true, predicted, labels).sum(axis=0)).ravel()
    return totals.reshape(3, -1).astype(np.int64)


def _rows(totals: Matrix, labels: tuple[str, ...]) -> tuple[LabelRow, ...]:
    numbers = totals.astype(np.float64)
    precision, recall = ratio(numbers[0], numbers[2]), ratio(numbers[0], numbers[1])
    scores = f1_by_label(numbers.ravel())[0]
    return tuple(
        LabelRow(label, float(precision[i]), float(recall[i]), float(scores[i]), *map(int, totals[[1, 2, 0], i]))
        for i, label in enumerate(labels)
    )
