"""Exact duplicates leave, tested rows stay, contradictions are listed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Span
from haoqi.data.preparing.duplicates.dedupe import TEST, TRAIN, UNLABELLED, VALID, exact, spell, straddling


def codes(*parts: int) -> "np.ndarray[tuple[int], np.dtype[np.int8]]":
    return np.array(parts, np.int8)


def test_of_equal_rows_with_one_label_the_first_stays() -> None:
    found = exact(["a", "b", "a", "a"], ["x", "y", "x", "x"], codes(0, 0, 0, 0), classes=True)
    assert found.dropped == {2, 3}
    assert found.counts == {"duplicate": 2}


def test_of_contradicting_rows_the_majority_stays_and_a_tie_leaves() -> None:
    found = exact(list("aaabb"), ["x", "y", "y", "x", "y"], codes(0, 0, 0, 0, 0), classes=True)
    assert found.dropped == {0, 2, 3, 4}
    assert [one.labels for one in found.contradictions] == [{"y": 2, "x": 1}, {"x": 1, "y": 1}]


def test_answers_may_differ() -> None:
    found = exact(list("aaa"), ["yes", "sure", "yes"], codes(0, 0, 0), classes=False)
    assert (found.dropped, found.contradictions) == ({2}, [])


def test_a_label_wins_over_none() -> None:
    assert exact(list("aaa"), [None, "x", None], codes(UNLABELLED, TRAIN, TRAIN), classes=True).dropped == {0, 2}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.integers(0, 3)), max_size=20).map(
        lambda rows: [(key, None if part == UNLABELLED else label, part) for key, label, part in rows]
    )
)
def test_no_text_is_left_in_two_splits_and_no_test_row_leaves(rows: list[tuple[str, str | None, int]]) -> None:
    keys, labels, parts = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    dropped = exact(keys, labels, np.array(parts, np.int8), classes=True).dropped
    assert not any(parts[row] == TEST for row in dropped)
    left = [row for row in range(len(rows)) if row not in dropped]
    for key in "abc":
        assert len({parts[row] for row in left if keys[row] == key}) <= 1
        assert sum(keys[row] == key and parts[row] in (TRAIN, UNLABELLED) for row in left) <= 1


def test_near_rows_give_way_to_tested_ones() -> None:
    parts = codes(TRAIN, VALID, TEST, TRAIN, UNLABELLED)
    pairs = np.array([(0, 1), (1, 2), (3, 4), (2, 4)], np.int64)
    dropped, counts = straddling(pairs, parts)
    assert dropped == {1, 4}
    assert sum(counts.values()) == 2


def test_labels_are_spelt_for_people() -> None:
    assert [spell(label) for label in ("a", 1.5, ("b", "c"), (Span(0, 2, "PER"),), ())] == [
        "a",
        "1.5",
        "b, c",
        "PER 0-2",
        "nothing",
    ]
