"""The end of a run: how long people read, what the released model learnt from, what more would cost."""

import pytest

from haoqi.data.examples import Span
from haoqi.explore.advice.run_end import CHARACTERS_A_MINUTE, DECIDING_SECONDS, WORDS_A_MINUTE, RunEnd


class Timeless(RunEnd):
    """An ending of which nothing but how fast people read is asked."""

    def __init__(self) -> None:
        pass


def test_people_read_words_and_characters_at_their_pace_and_decide_once_per_label() -> None:
    ending = Timeless()
    words = ending.human_seconds(["one two three four"], ["a"])
    assert words == pytest.approx(60 * 4 / WORDS_A_MINUTE + DECIDING_SECONDS)
    chinese = ending.human_seconds(["电池坏了"], ["a"])
    assert chinese == pytest.approx(60 * 4 / CHARACTERS_A_MINUTE + DECIDING_SECONDS)
    spans = (Span(0, 3, "PER"), Span(4, 7, "PER"), Span(8, 9, "LOC"))
    assert ending.human_seconds(["one two three four"], [spans]) == pytest.approx(words + 2 * DECIDING_SECONDS)
