import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.models.lexical.word_features import shape, word_features
from haoqi.tasks.words import word_offsets


@pytest.mark.parametrize(
    ("word", "wanted"), [("Ann", "Aa"), ("IBM", "A"), ("1998", "0"), ("U.S.", "A.A."), ("北京", "c"), ("e-mail", "a-a")]
)
def test_shape_says_how_a_word_is_written(word: str, wanted: str) -> None:
    assert shape(word) == wanted


def test_spelling_and_neighbours_are_told() -> None:
    first, middle, last = word_features("Ann met Bob", word_offsets("Ann met Bob"))
    assert {"", "w=met", "p=me", "e=et", "<w=ann", ">w=bob", "<wann|met", ">s=Aa"} <= set(middle)
    assert not any(one.startswith(">w=b") for one in first)
    assert "w=bob" in last


def test_characters_are_seen_with_those_around_them() -> None:
    features = word_features("去北京看", word_offsets("去北京看"))
    assert {"w=北", "<w>去北京", "w>>北京看", "<w去|北", "w>北|京"} <= set(features[1])


@given(text=st.text("Ann 北京.,-9\u200b\n\U0001f600", max_size=12))
def test_every_word_has_features_of_its_own_and_the_first_is_empty(text: str) -> None:
    words = word_offsets(text)
    features = word_features(text, words)
    assert len(features) == len(words)
    for (start, end), found in zip(words, features, strict=True):
        assert found[0] == ""
        assert f"w={text[start:end].lower()}" in found
        assert len(set(found)) == len(found)
