"""Languages are told apart well enough to choose a base."""

import pytest

from haoqi.data.preparing.languages import language_of, language_shares


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The battery died on day two and nobody answered.", "en"),
        ("terrible coffee", "en"),
        ("电池第二天就坏了，客服没有回复。", "zh"),
        ("iPhone 15 手机壳质量很好", "zh"),
        ("この映画はとても面白かったです", "ja"),
        ("배송이 너무 느려요", "ko"),
        ("Батарея сломалась на второй день", "ru"),
        ("Der Akku ist nach zwei Tagen nicht mehr zu laden", "de"),
        ("La batterie est morte le deuxième jour et je ne suis pas content", "fr"),
        ("La batería murió y nadie me contestó, pero el servicio es muy malo", "es"),
        ("12:30 !!!", "other"),
        ("", "other"),
    ],
)
def test_language_of(text: str, expected: str) -> None:
    assert language_of(text) == expected


def test_shares_are_sorted_and_sum_to_one() -> None:
    shares = language_shares(["the film was good"] * 3 + ["电影很好看"])
    assert shares == {"en": 0.75, "zh": 0.25}
    assert language_shares([]) == {}
