"""The texts of a pretraining in three parts."""

import pytest

from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.data.raw import Raw
from haoqi.pretraining.corpus import corpus_of, passages

WORDS = [
    "battery",
    "screen",
    "coffee",
    "hotel",
    "minister",
    "planet",
    "keeper",
    "bank",
    "film",
    "letter",
    "station",
    "garden",
]
TEXTS = [f"The {one} of the {other} is number {row} today." for row, one in enumerate(WORDS) for other in WORDS]


def test_parts_hold_every_text_once() -> None:
    found = corpus_of(Raw.of(Examples.of([*TEXTS, *TEXTS[:20], "  "])), 0.1, 0)
    assert sorted(found.texts) == sorted(TEXTS)
    assert len(found.watched) >= 5 and len(found.measured) >= 5
    assert found == corpus_of(Raw.of(Examples.of([*TEXTS, *TEXTS[:20], "  "])), 0.1, 0)


def test_texts_that_are_almost_the_same_are_in_one_part() -> None:
    twins = [
        f"{text} And it goes on in the very same words for a long while, as before{end}"
        for text in TEXTS
        for end in ".!"
    ]
    found = corpus_of(Raw.of(Examples.of(twins)), 0.1, 0)
    for part in (found.watched, found.measured):
        assert {text.rstrip(".!") for text in part}.isdisjoint(text.rstrip(".!") for text in found.train)


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(UserError, match="3 different texts"):
        corpus_of(Raw.of(Examples.of(["a", "b", "c", "a"])), 0.1, 0)


def test_long_texts_are_cut_and_nothing_is_lost() -> None:
    text = " ".join(f"Sentence number {row} is here." for row in range(500))
    found = list(passages([text]))
    assert len(found) > 3 and max(map(len, found)) <= 2000
    assert " ".join(found) == text
