"""Examples keep their columns together, and weights mean how much a row counts."""

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples, Query, Turn, key_of
from haoqi.data.preparing.store import load, save

weights = st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=1, max_size=8)


def weighed(found: list[float]) -> Examples:
    texts = [f"text {row}" for row in range(len(found))]
    return Examples(texts, ["a"] * len(found), list(range(len(found))), weights=found)


@given(found=weights)
def test_rows_that_count_for_nothing_are_left_out_and_the_rest_counts_as_before(found: list[float]) -> None:
    examples = weighed(found)
    left = examples.learnable()
    assert left.counting.tolist() == [weight for weight in found if weight]
    assert left.ids == [row for row, weight in enumerate(found) if weight]
    assert left.learnable() == left
    assert (left.weights is None) == all(weight == 1 for weight in left.counting)


def test_rows_without_weights_count_one_beside_those_that_have_some() -> None:
    plain, heavy = Examples.of(["x", "y"], ["a", "b"]), weighed([2.0])
    assert Examples.join([plain, heavy]).weights == [1.0, 1.0, 2.0]
    assert Examples.join([plain, plain]).weights is None
    assert heavy.take([0, 0]).weights == [2.0, 2.0]
    assert plain.counting.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("weight", [-1.0, float("inf"), float("nan")])
def test_weights_are_numbers_from_zero_up(weight: float) -> None:
    with pytest.raises(AssertionError):
        weighed([weight])


def test_rows_made_of_one_are_known_as_such() -> None:
    examples = dataclasses.replace(weighed([1.0] * 5), ids=[7, 3, 7, 9, 3])
    assert examples.sources.tolist() == [0, 1, 0, 2, 1]
    assert Examples.of([]).sources.tolist() == []


def test_weights_survive_the_disk(tmp_path: Path) -> None:
    examples = weighed([0.5, 2.0])
    save(examples, tmp_path / "examples.parquet")
    assert load(tmp_path / "examples.parquet") == examples


def test_a_row_keeps_its_key_whatever_its_number_file_or_split() -> None:
    one, other = Examples.of(["a", "b", "c"]), Examples.of(["c", "d", "a"])
    assert one.keys[0] == other.keys[2]
    assert one.keys[2] == other.keys[0]
    assert one.take([2, 0]).keys == [one.keys[2], one.keys[0]]
    assert len({*one.keys, *other.keys}) == 4


def test_keys_are_of_all_that_is_asked_and_of_texts_as_they_came() -> None:
    pairs = replace(Examples.of(["a", "a"]), pairs=["b", "c"])
    assert len({*pairs.keys, key_of("a")}) == 3
    cleaned = replace(Examples.of(["a b"]), originals=["a  b"])
    assert cleaned.keys == [key_of("a  b")]
    assert pairs.exchanged().keys == pairs.keys


def test_queries_are_asked_as_they_are() -> None:
    asked = Examples.of_queries(["one", Query("two", pair="other")])
    assert (asked.texts, asked.pairs, asked.contexts) == (["one", "two"], ["", "other"], None)
    assert asked.query(1) == Query("two", pair="other")
    assert Examples.of_queries(["one"]).pairs is None
    turns = (Turn("user", "hello"),)
    assert Examples.of_queries([Query("so?", turns=turns)]).turns == [turns]
