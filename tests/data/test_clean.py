"""Texts come out as somebody would have typed them, and nothing that carries meaning is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.preparing.clean import clean, clean_all, normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two   spaces\tand a tab ", "two spaces and a tab"),
        ("one\r\n\r\n  two", "one\ntwo"),
        ("<p>Great <b>phone</b>!</p>", "Great phone !"),
        ("good<br/>bad", "good\nbad"),
        ("<script>alert(1)</script>text<!-- note -->", "text"),
        ("fish &amp; chips &lt; 5 &#163;", "fish & chips < 5 £"),
        ("NASA #39;s  quot;comet quot; flies", 'NASA\'s "comet" flies'),
        ("cafÃ© schÃ¶n", "café schön"),
        ("zero\u200bwidth and\x07 bell", "zerowidth and bell"),
        ("cafe\u0301", "café"),
        ("a < b and c > d <3", "a < b and c > d <3"),
        ("an <e1>audit</e1> of <e2>waste</e2>", "an <e1>audit</e1> of <e2>waste</e2>"),
        ("好评！！！“房间”很大，１２３", "好评！！！“房间”很大，１２３"),
        ("family 👨‍👩‍👧 and flag 🇨🇳", "family 👨‍👩‍👧 and flag 🇨🇳"),
        ("half a pair \ud83d", "half a pair \ufffd"),
    ],
)
def test_known_troubles_are_mended_and_the_rest_left_alone(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_nothing_unprintable_is_left(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned and "\r" not in cleaned and "\x00" not in cleaned


@given(st.text(alphabet="abc .,!?'\"-0123456789", max_size=60))
def test_plain_words_in_single_spaces_stay_as_they_are(text: str) -> None:
    plain = " ".join(text.split())
    assert clean(plain) == plain


def test_changes_are_counted() -> None:
    shares: list[float] = []
    assert clean_all(["fine", " not fine", "fine too"], shares.append) == (["fine", "not fine", "fine too"], 1)
    assert shares == [0.0, 1.0]


def test_equal_texts_have_one_normal_form() -> None:
    assert normalise("Ｇreat\n PHONE ") == normalise("great phone")
    assert normalise("great phone!") != normalise("great phone")
