"""Confusion matrices and tables agree with scikit-learn."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Span
from haoqi.evaluate.confusion import (
    Confused,
    average_rows,
    confusion,
    confusion_per_label,
    known_labels,
    label_table,
    most_confused,
    tag_table,
)
from haoqi.evaluate.tags import tag_names, tags_to_spans

LABELS = ("a", "b", "c")
TYPES = ("LOC", "PER")
WORDS = tuple((2 * place, 2 * place + 1) for place in range(6))

pairs_of_labels = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=20)
sets_of_labels = st.sets(st.sampled_from(LABELS)).map(lambda found: tuple(sorted(found)))
pairs_of_sets = st.lists(st.tuples(sets_of_labels, sets_of_labels), min_size=1, max_size=15)
tag_rows = st.lists(st.integers(0, 4), min_size=6, max_size=6)


@given(pairs_of_labels)
def test_matrix_and_table_agree_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    from sklearn import metrics as theirs

    true, predicted = map(list, zip(*pairs, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # labels that do not occur
        expected = theirs.precision_recall_fscore_support(true, predicted, labels=LABELS, zero_division=0)
        matrix = theirs.confusion_matrix(true, predicted, labels=LABELS)
    np.testing.assert_array_equal(confusion(true, predicted, LABELS), matrix)
    rows = label_table(true, predicted, LABELS)
    measured = [[getattr(row, name) for row in rows] for name in ("precision", "recall", "f1", "support")]
    np.testing.assert_allclose(measured, expected)


@given(pairs_of_sets)
def test_matrix_per_label_agrees_with_scikit_learn(pairs: list[Any]) -> None:
    from sklearn.metrics import multilabel_confusion_matrix

    true, predicted = map(list, zip(*pairs, strict=True))
    tables = [np.array([[label in one for label in LABELS] for one in side], dtype=int) for side in (true, predicted)]
    np.testing.assert_array_equal(confusion_per_label(true, predicted, LABELS), multilabel_confusion_matrix(*tables))


@given(st.lists(st.tuples(tag_rows, tag_rows), min_size=1, max_size=5))
def test_tag_table_agrees_with_scikit_learns_report_on_tags(pairs: list[Any]) -> None:
    from sklearn.metrics import precision_recall_fscore_support

    names = tag_names(TYPES)
    tags = [[_valid(row) for row in side] for side in zip(*pairs, strict=True)]
    spans = [[tuple(tags_to_spans(row, WORDS, TYPES)) for row in side] for side in tags]
    flat = [[names[tag] for row in side for tag in row] for side in tags]
    expected = precision_recall_fscore_support(flat[0], flat[1], labels=names, zero_division=0)
    rows = tag_table(spans[0], spans[1], [WORDS] * len(pairs), TYPES)
    assert [row.label for row in rows] == list(names)
    measured = [[getattr(row, name) for row in rows] for name in ("precision", "recall", "f1", "support")]
    np.testing.assert_allclose(measured, expected)


def test_worst_confusion_comes_first_and_right_answers_are_none() -> None:
    matrix = confusion(list("aaabbc"), list("abbbab"), LABELS)
    assert most_confused(matrix, LABELS) == (Confused("a", "b", 2), Confused("b", "a", 1), Confused("c", "b", 1))
    assert most_confused(matrix, LABELS, limit=1) == (Confused("a", "b", 2),)
    assert most_confused(np.diag([3, 4, 5]), LABELS) == ()


def test_labels_outside_the_task_follow_it() -> None:
    assert known_labels(["z", "a"], ["a", "b"], ("b", "a")) == ("b", "a", "z")
    rows = label_table(["z", "a"], ["a", "a"], ("b", "a"))
    assert [(row.label, row.support, row.predicted, row.right) for row in rows] == [
        ("b", 0, 0, 0),
        ("a", 1, 2, 1),
        ("z", 1, 0, 0),
    ]
    with pytest.raises(ValueError, match="'z' is not one of the 2 labels"):
        confusion(["z"], ["a"], ("a", "b"))


def test_span_types_have_rows_of_their_own() -> None:
    true = [(Span(0, 3, "PER"), Span(4, 9, "LOC"))]
    predicted = [(Span(0, 3, "PER"), Span(4, 8, "LOC"), Span(10, 12, "LOC"))]
    location, person = label_table(true, predicted, TYPES)
    assert (location.precision, location.recall, location.support, location.predicted) == (0.0, 0.0, 1, 2)
    assert (person.precision, person.recall, person.f1) == (1.0, 1.0, 1.0)


def _valid(tags: list[int]) -> list[int]:
    """Return tags in which every I that could not stand there became the B of its type."""
    found: list[int] = []
    for tag in tags:
        inside = tag > 0 and tag % 2 == 0
        found.append(tag - 1 if inside and (not found or found[-1] not in (tag, tag - 1)) else tag)
    return found


@given(pairs_of_labels)
def test_averages_are_those_of_scikit_learns_report(pairs: list[tuple[str, str]]) -> None:
    from sklearn import metrics as theirs

    true, predicted = map(list, zip(*pairs, strict=True))
    micro, macro = average_rows(label_table(true, predicted, LABELS))
    for row, way in ((micro, "micro"), (macro, "macro")):
        expected = theirs.precision_recall_fscore_support(true, predicted, average=way, zero_division=0)
        assert (row.precision, row.recall, row.f1) == pytest.approx(expected[:3])
        assert row.support == len(true)
