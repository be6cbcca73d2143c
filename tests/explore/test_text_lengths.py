"""Lengths of texts are measured on a sample, and in the tokens of each base."""

from pathlib import Path

import pytest

from haoqi.explore.setup.text_lengths import TextLengths, measure_lengths
from haoqi.models.bases import resolve


def test_lengths_are_counted_in_each_bases_own_pieces(tiny_base: str, home: Path) -> None:
    found = measure_lengths(["The battery died on day two."] * 5 + ["电池坏了。"] * 3, {"t": resolve(tiny_base, home)})
    assert found.of("t") == (7, 7, 7, 9, 9, 9, 9, 9)
    assert not found.unspaced
    assert found.words == pytest.approx((5 * 7 + 3 * 5) / 8)
    assert measure_lengths([], {}).of(None) == (2,)


def test_of_many_texts_a_sample_spread_over_all_is_measured() -> None:
    short, long = ["word"] * 1000, ["word " * 9 + "word"] * 1000
    found = measure_lengths(short + long, {})
    assert found.words == pytest.approx(5.5, rel=0.01)
    assert found.characters == pytest.approx((4 + 49) / 2, rel=0.01)


def test_without_a_base_four_characters_count_as_a_token() -> None:
    lengths = TextLengths(characters=200.0, tokens={"small": (3, 9)})
    assert lengths.of(None) == lengths.of("another") == (52,)
    assert lengths.of("small") == (3, 9)


def test_a_script_without_spaces_is_noticed_though_some_texts_are_in_another() -> None:
    assert measure_lengths(["电池坏了，客服没有回复。"] * 3 + ["It broke."], {}).unspaced
    assert not measure_lengths(["电池坏了。"] + ["It broke after two days of use."] * 9, {}).unspaced
