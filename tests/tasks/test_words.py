"""Words cover all but white space, in order, and are what a reader of the language calls words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples, Span
from haoqi.tasks.words import split_at_spans, word_offsets, words_of


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_offsets(text)]


@given(st.text(max_size=60))
def test_words_leave_out_nothing_but_white_space(text: str) -> None:
    end_before = 0
    for start, end in word_offsets(text):
        assert end_before <= start < end
        assert not text[end_before:start].strip()
        assert not any(character.isspace() for character in text[start:end])
        end_before = end
    assert not text[end_before:].strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ann's visa, please!", ["Ann", "'s", "visa", ",", "please", "!"]),
        ("The U.S. paid $3,000.50.", ["The", "U.S.", "paid", "$", "3,000.50", "."]),
        ("AL-AIN 1996-12-06", ["AL-AIN", "1996-12-06"]),
        ("电池第2天坏了。", ["电", "池", "第", "2", "天", "坏", "了", "。"]),
        ("iPhone15手机降价1,000元", ["iPhone15", "手", "机", "降", "价", "1,000", "元"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("  \n\t ", []),
    ],
)
def test_words_are_those_of_the_language(text: str, words: list[str]) -> None:
    assert _words(text) == words


def test_words_of_the_source_go_before_our_own() -> None:
    examples = Examples(["ab cd"], [None], [0], words=[((0, 1), (1, 2), (3, 5))])
    assert words_of(examples) == [((0, 1), (1, 2), (3, 5))]
    assert words_of(Examples.of(["ab cd"])) == [((0, 2), (3, 5))]


def test_words_are_split_where_spans_end_for_training() -> None:
    examples = Examples.of(["NewYork-based firm", "none"], [(Span(0, 7, "LOC"),), None])
    split = split_at_spans(examples)
    assert split.words == [((0, 7), (7, 13), (14, 18)), ((0, 4),)]
    assert split.labels == examples.labels
    assert examples.words is None
