"""Orders are joined by the places of their rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.retrieval.fusion import best_rows, fuse


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=20), st.integers(1, 25))
def test_best_rows_are_those_of_a_stable_sort(scores: list[float], count: int) -> None:
    array = np.array(scores, np.float32)
    wanted = [row for row in np.argsort(-array, kind="stable").tolist() if scores[row] > 0.0][:count]
    assert best_rows(array, count, 0.0).tolist() == wanted


def test_sums_are_those_of_the_places() -> None:
    rows, sums = fuse([np.array([4, 2, 9]), np.array([2, 7])], [1.0, 2.0])
    assert rows.tolist() == [2, 7, 4, 9]
    assert sums == pytest.approx([1 / 12 + 2 / 11, 2 / 12, 1 / 11, 1 / 13])
    assert fuse([], [])[0].tolist() == []
