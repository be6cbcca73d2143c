"""Rows of several sources join into one, and what was recognised can be told."""

import pytest

from haoqi.data import Examples, Raw, Schema, Span
from haoqi.data.raw import join


def test_joined_rows_are_numbered_anew_and_know_their_split() -> None:
    one, two = Raw.of(Examples.of(["a", "b"], ["x", "y"])), Raw.of(Examples.of(["c"], ["x"]))
    raw = join([("train", one), ("test", two)], Schema("both", "csv"))
    assert raw.examples.ids == [0, 1, 2]
    assert raw.parts == ["train", "train", "test"]
    assert raw.schema.rows == 3
    assert raw.fingerprint not in (one.fingerprint, two.fingerprint)


@pytest.mark.parametrize(
    ("labels", "shape"), [(["x"], "labels"), ([(Span(0, 1, "x"),)], "spans"), ([("x",)], "labels")]
)
def test_examples_in_memory_have_the_shape_of_their_labels(labels: list[object], shape: str) -> None:
    assert Raw.of(Examples.of(["a"], labels)).shape == shape


def test_facts_are_sentences() -> None:
    facts = Schema(
        "a.csv", "csv", "utf-8", ";", {"text": "body"}, {"text": "the longest"}, 1200, {"torn": 3}, ("Note.",)
    )
    assert facts.lines() == [
        "a.csv: 1,200 rows (csv, encoding utf-8, delimiter ';')",
        "text is column body: the longest",
        "3 rows left out: torn",
        "Note.",
    ]
