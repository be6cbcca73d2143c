"""Classes with a single example: left out where they are few, an error where they are more."""

import numpy as np
import pytest

from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.data.preparing.checks import check_classes
from haoqi.data.preparing.duplicates.dedupe import TEST, TRAIN, UNLABELLED
from haoqi.data.preparing.rows import Rows
from haoqi.data.settings import DataSettings

SETTINGS = DataSettings("some.csv")


def rows_of(labels: list[object], parts: list[int] | None = None) -> Rows:
    codes = np.array(parts or [TRAIN] * len(labels), np.int8)
    return Rows("some.csv", Examples.of([f"text {n}" for n in range(len(labels))], labels), codes, {})


def test_a_few_single_examples_are_left_out_and_named() -> None:
    rows = check_classes(rows_of([*["a", "b"] * 49, "once", "also"]), SETTINGS)
    assert set(rows.examples.labels) == {"a", "b"}
    assert rows.dropped == {"the only example of its class": 2}
    assert any("also, once" in warning and "rows 99, 100" in warning for warning in rows.warnings)


def test_more_single_examples_are_an_error_unless_said() -> None:
    labels: list[object] = [*["a", "b"] * 48, "once", "also", "third"]
    with pytest.raises(UserError, match=r"also, once, third of some\.csv have one example only") as caught:
        check_classes(rows_of(labels), SETTINGS)
    assert "--drop-rare" in caught.value.hint
    assert len(check_classes(rows_of(labels), DataSettings("some.csv", drop_rare=True)).examples) == 96


def test_two_classes_must_remain() -> None:
    with pytest.raises(UserError, match=r"b of some\.csv has one example only"):
        check_classes(rows_of([*["a"] * 199, "b"]), SETTINGS)


def test_rows_with_a_rare_label_among_others_are_left_out() -> None:
    rows = check_classes(rows_of([*[("a",), ("a", "b")] * 50, ("b", "once")]), SETTINGS)
    assert len(rows.examples) == 100


def test_a_given_test_split_keeps_its_single_examples() -> None:
    labels, parts = [*["a", "b"] * 50, "once"], [TRAIN] * 80 + [TEST] * 21
    rows = check_classes(rows_of(list(labels), parts), SETTINGS)
    assert len(rows.examples) == 101
    assert any("once" in warning and "counts as wrong" in warning for warning in rows.warnings)


def test_unlabelled_rows_are_no_part_of_the_share() -> None:
    labels: list[object] = [*["a", "b"] * 10, "once", *[None] * 100]
    parts = [TRAIN] * 21 + [UNLABELLED] * 100
    with pytest.raises(UserError, match="once"):
        check_classes(rows_of(labels, parts), SETTINGS)
