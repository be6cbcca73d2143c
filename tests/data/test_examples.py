"""Examples keep their columns together, and weights mean how much a row counts."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples
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
