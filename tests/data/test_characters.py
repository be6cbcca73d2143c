r"""Halves of surrogate pairs become U+FFFD, one character for one."""

from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.reading.decoding.characters import well_formed, well_formed_values


@given(st.text(st.characters(exclude_categories=())))
def test_every_text_keeps_its_length_and_all_else(text: str) -> None:
    found = well_formed(text)
    assert len(found) == len(text)
    found.encode()
    assert all(
        new == old or ("\ud800" <= old <= "\udfff" and new == "\ufffd") for old, new in zip(text, found, strict=True)
    )


def test_a_whole_emoji_stays() -> None:
    assert well_formed("so good \U0001f600") == "so good \U0001f600"


def test_lists_and_records_are_mended_within_and_their_keys_too() -> None:
    value = {"te\udc80xt": ["a\ud83d", {"b": "\ude00c"}, 1, None, 2.5, True]}
    assert well_formed_values(value) == {"te\ufffdxt": ["a\ufffd", {"b": "\ufffdc"}, 1, None, 2.5, True]}
