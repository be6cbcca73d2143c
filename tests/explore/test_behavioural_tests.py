"""Behavioural tests change texts in a way whose right answer is known, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples
from haoqi.explore.reflection.behavioural_tests import (
    hidden,
    names,
    opposite_sentiments,
    other_names,
    probed,
    typos,
    upper,
)

TEXTS = st.text(st.sampled_from("abcdefgh  电池坏了很大服务"), max_size=60)


@given(TEXTS, st.integers(0, 9))
def test_a_typing_error_swaps_letters_within_words_and_keeps_first_letters(text: str, seed: int) -> None:
    changed = typos(text, np.random.default_rng(seed))
    assert sorted(changed) == sorted(text)
    assert [word[:1] for word in changed.split()] == [word[:1] for word in text.split()]
    assert [len(word) for word in changed.split()] == [len(word) for word in text.split()]


def test_at_least_one_long_word_gets_a_typing_error() -> None:
    assert typos("wonderful", np.random.default_rng(0)) != "wonderful"
    assert typos("so it is", np.random.default_rng(0)) == "so it is"


def test_a_typing_error_may_be_anywhere_but_at_the_first_letter() -> None:
    changed = [typos("abcdef", np.random.default_rng(seed)) for seed in range(60)]
    assert {one[0] for one in changed} == {"a"}
    assert set(changed) == {"acbdef", "abdcef", "abcedf", "abcdfe"}


def test_other_names_and_numbers_leave_the_rest_of_a_text() -> None:
    text = "When Peter paid 250 dollars, Berlin was cold."
    changed = other_names(text, np.random.default_rng(0))
    assert changed.startswith("When ") and changed.endswith(" was cold.")
    assert "Berlin" not in changed and "250" not in changed
    assert other_names("nothing to change", np.random.default_rng(0)) == "nothing to change"


def test_hidden_words_are_gone_whatever_their_case_and_others_that_hold_them_stay() -> None:
    assert hidden("The goods are GOOD, good", ["good"]) == "The goods are ,"
    assert hidden("服务很好，很好", ["很好"]) == "服务，"
    assert hidden("50% off", ["50%"]).strip() == "off"


def test_feelings_have_opposites_only_where_there_is_one_of_each() -> None:
    assert opposite_sentiments(("neutral", "Positive", "negative")) == {"Positive": "negative", "negative": "Positive"}
    assert opposite_sentiments(("好评", "差评")) == {"好评": "差评", "差评": "好评"}
    assert opposite_sentiments(("positive", "good", "negative")) == opposite_sentiments(("sport", "tech")) == {}


def test_a_negation_turns_short_texts_that_say_one_thing() -> None:
    examples = Examples.of(
        ["It is great", "It is not great", "It is great and was late", "so " * 30 + "it is great", "房间很大"],
        ["positive", "negative", "positive", "positive", "positive"],
    )
    found, rows = probed("negation", examples, np.random.default_rng(0))
    assert rows.tolist() == [0, 4]
    assert found.texts == ["It is not great", "房间不大"]
    assert found.labels == ["negative", "negative"]


def test_only_what_is_changed_is_asked_again_with_its_own_label() -> None:
    examples = Examples.of(["QUIET", "loud", "loud 7"], ["a", "b", "c"])
    for name, texts, labels in (("case", ["LOUD", "LOUD 7"], ["b", "c"]), ("names", ["loud"], ["c"])):
        found, rows = probed(name, examples, np.random.default_rng(0))
        assert found.labels == labels
        assert [examples.labels[row] for row in rows] == labels
        assert [text.startswith(wanted) for text, wanted in zip(found.texts, texts, strict=True)] == [True] * len(texts)
    nothing, rows = probed("hide", examples, np.random.default_rng(0), ["quiet", "loud"])
    assert nothing.texts == ["7"]  # what is left without a word is no text
    assert rows.tolist() == [2]


def test_there_is_no_other_test() -> None:
    assert set(names()) == {"typos", "case", "names", "negation"}
    with pytest.raises(KeyError):
        probed("nonsense", Examples.of(["x"], ["a"]), np.random.default_rng(0))


def test_capitals_are_the_same_words() -> None:
    assert upper("Quiet 很", np.random.default_rng(0)) == "QUIET 很"
