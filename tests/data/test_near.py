"""What is called nearly equal is so, and what is so is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.preparing.duplicates.dedupe import TEST
from haoqi.data.preparing.duplicates.near import clusters, near_pairs
from haoqi.data.preparing.duplicates.signatures import similarities, similarity

ENGLISH = "the a battery phone screen died on day two great awful service never again"
WORDS = [*ENGLISH.split(), "电池", "手机", "很好", "不好", "了", "服务"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=25)


@given(texts, st.sampled_from([0.6, 0.85, 1.0]))
def test_pairs_are_all_near_and_all_near_texts_are_connected(found: list[str], least: float) -> None:
    pairs = near_pairs(found, least).pairs
    assert all(i < j and similarity(found[i], found[j]) >= least for i, j in pairs.tolist())
    if least >= 0.85:  # what the signatures are made for
        together = clusters(len(found), pairs)
        for i, one in enumerate(found):
            for j in range(i):
                assert similarity(one, found[j]) < least or together[i] == together[j]


@given(texts)
def test_all_at_once_or_one_by_one_the_similarity_is_the_same(found: list[str]) -> None:
    pairs = np.array([(i, j) for j in range(len(found)) for i in range(j)], np.int64).reshape(-1, 2)
    expected = [similarity(found[i], found[j]) for i, j in pairs.tolist()]
    assert np.allclose(similarities(found, pairs), expected)


@given(texts)
def test_all_pairs_across_parts_are_found_or_settled_by_a_test_text(found: list[str]) -> None:
    parts = np.arange(len(found), dtype=np.int8) % 3
    pairs = {tuple(pair) for pair in near_pairs(found, 0.85, parts).pairs.tolist()}
    settled = {row for pair in pairs for row in pair if parts[row] != TEST and TEST in parts[list(pair)]}
    for j in range(len(found)):
        for i in range(j):
            if parts[i] != parts[j] and similarity(found[i], found[j]) >= 0.85:
                assert (i, j) in pairs or {i, j} & settled


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("the battery died on day two", "The battery died, on day two!!!".lower(), True),
        ("it won't work", "it wo n't work", True),
        ("good phone", "good film", False),
        ("", "", False),
        ("!!!", "!!!", False),
        (
            "这家酒店的房间很大，服务也很好，早餐不错，下次还会来住的",
            "这家酒店的房间很大,服务也很好,早餐不错,下次还会来住",
            True,
        ),
        ("这家酒店很好", "这家酒店很差", False),
        ("ok", "ok", True),
    ],
)
def test_near_means_what_a_person_would_say(one: str, other: str, near: bool) -> None:
    assert (similarity(one, other) >= 0.85) is near
    assert len(near_pairs([one, other], 0.85).pairs) == near


def test_a_bucket_of_very_many_equal_texts_is_one_cluster() -> None:
    found = [f"the same words again and again{'!' * number}" for number in range(300)]
    assert len(set(clusters(300, near_pairs(found, 0.85).pairs).tolist())) == 1


def test_no_texts_have_no_pairs() -> None:
    assert near_pairs([], 0.85).pairs.shape == (0, 2)


def test_of_very_many_texts_of_one_pattern_only_the_likeliest_are_compared() -> None:
    pattern = "your parcel {} was handed to our partner in the city of {} and will arrive soon, thank you for waiting"
    found = [pattern.format(number * 7919 % 99991, number * 104729 % 99991) for number in range(1_000)]
    near = near_pairs(found, 0.95)
    assert all(similarity(found[i], found[j]) >= 0.95 for i, j in near.pairs.tolist())
