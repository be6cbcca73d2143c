import pytest

from haoqi.models.lexical.scripts import script_of, script_shares, scripts_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("azAZ", "Latin"),
        ("éßłＡ", "Latin beyond ASCII"),
        ("好々㐀𠀀", "Han"),
        ("ж", "Cyrillic"),
        ("ひ", "Hiragana"),
        ("カｶー", "Katakana"),
        ("한", "Hangul"),
        ("नी", "Devanagari"),
        ("ำ", "Thai"),
        ("0９,。！ \n▁😀️€\u0301\ue000", ""),
    ],
)
def test_every_character_has_the_script_of_its_name(text: str, script: str) -> None:
    assert {script_of(one) for one in text} == {script}


def test_what_all_scripts_share_is_no_script() -> None:
    assert scripts_of("3 好, ok!") == {"Han", "Latin"}
    assert scripts_of("3.5 % — 😀") == frozenset()


def test_shares_are_of_letters_and_largest_first() -> None:
    assert script_shares(["好好好a", "1234 !", "Ж"]) == {"Han": 0.6, "Latin": 0.2, "Cyrillic": 0.2}
    assert script_shares(["12", ""]) == {}


def test_a_character_counts_as_what_a_normaliser_makes_of_it() -> None:
    assert script_shares(["Ａ"], lambda one: {"Ａ": "a"}[one]) == {"Latin": 1.0}
