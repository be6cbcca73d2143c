from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from haoqi.models.bases import load_tokenizer, resolve
from haoqi.models.encoders.windows import align, cut, read_words


@pytest.fixture(scope="module")
def tokenizer(tiny_base: str) -> Any:
    return load_tokenizer(resolve(tiny_base, Path()))


def words_of(text: str) -> tuple[tuple[int, int], ...]:
    """Return the stretches between spaces."""
    found, at = [], 0
    for word in text.split(" "):
        if word:
            found.append((at, at + len(word)))
        at += len(word) + 1
    return tuple(found)


@given(st.lists(st.integers(1, 4), max_size=200), st.integers(1, 60))
def test_every_word_is_scored_exactly_once_from_a_window_that_holds_it(tokens_per_word: list[int], room: int) -> None:
    places = np.cumsum([0, *tokens_per_word])[:-1].astype(np.int64)
    tokens = int(sum(tokens_per_word))
    windows = cut(tokens, places, room)
    assert sorted(word for _, _, words in windows for word in words.tolist()) == list(range(len(places)))
    for start, end, words in windows:
        assert 0 <= start <= end <= tokens
        assert end - start <= room
        assert all(start <= places[word] < end for word in words)


@given(st.integers(30, 300), st.integers(8, 60))
def test_words_far_from_the_ends_have_context_on_both_sides(tokens: int, room: int) -> None:
    places = np.arange(tokens)
    for start, end, words in cut(tokens, places, room):
        least = max(0, int(room * 0.25) // 2 - 1)
        for place in words.tolist():
            assert start == 0 or place - start >= least
            assert end == tokens or end - 1 - place >= least


@given(st.text(alphabet="abc XYZ.,'9水好\u200b\u0301", max_size=60), st.integers(6, 30))
def test_every_word_of_any_text_has_a_place_in_one_window(tokenizer: Any, text: str, max_tokens: int) -> None:
    words = words_of(text)
    windows = read_words(tokenizer, [text], [words], max_tokens)
    assert sorted(word for window in windows for word in window.words.tolist()) == list(range(len(words)))
    for window in windows:
        assert len(window.ids) <= max_tokens
        assert len(window.places) == len(window.words)
        assert ((window.places >= 0) & (window.places < len(window.ids))).all()
        assert len(window.owners) == len(window.ids)


def test_a_word_is_read_from_its_first_token(tokenizer: Any) -> None:
    text = "Peter Blackburn flew"
    words = words_of(text)
    (window,) = read_words(tokenizer, [text], [words], 64)
    encoding = tokenizer.encode(text)
    for place, (start, _) in zip(window.places, words, strict=True):
        assert encoding.offsets[place][0] == start
    assert window.ids.tolist() == encoding.ids
    assert window.owners[0] == window.owners[-1] == -1
    assert [words[owner] for owner in sorted(set(window.owners[1:-1].tolist()))] == list(words)


def test_a_tokens_that_covers_several_words_is_cut_between_them() -> None:
    tokens = {"<unk>": 0, "▁": 1, "▁北京": 2, "北": 3, "京": 4, "▁北": 5, "很": 6, "大": 7, "很大": 8}
    tokenizer = Tokenizer(models.WordLevel(tokens, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Split("很大", "isolated")]
    )
    text = "北京很大"
    words = tuple((at, at + 1) for at in range(4))
    aligned = align(tokenizer, text, tokenizer.encode(text), words)
    assert aligned.ids == [5, 4, 6, 7]
    assert aligned.places.tolist() == aligned.owners.tolist() == [0, 1, 2, 3]


def test_a_word_without_tokens_is_read_from_the_tokens_before(tokenizer: Any) -> None:
    text = "red \u200b car"
    aligned = align(tokenizer, text, tokenizer.encode(text, add_special_tokens=False), words_of(text))
    last_of_red = int(np.flatnonzero(aligned.owners == 0)[-1])
    assert aligned.places[1] == last_of_red
    assert aligned.places[2] == last_of_red + 1


def test_texts_without_words_have_no_windows(tokenizer: Any) -> None:
    windows = read_words(tokenizer, ["", "one word", " "], [(), ((0, 3), (4, 8)), ()], 16)
    assert [window.example for window in windows] == [1]
