"""Lengths of texts are measured on a sample, and in the tokens of each base."""

from pathlib import Path

import pytest

from haoqi.explore.setup.text_lengths import measure_lengths
from haoqi.models.bases import resolve


def test_lengths_are_counted_in_each_bases_own_pieces(tiny_base: str, home: Path) -> None:
    found = measure_lengths(["The battery died on day two."] * 5 + ["电池坏了。"] * 3, {"t": resolve(tiny_base, home)})
    assert found.of("t") == (7, 7, 7, 9, 9, 9, 9, 9)
    assert not found.unspaced
    assert found.words == pytest.approx((5 * 7 + 3 * 5) / 8)
    assert measure_lengths([], {}).of(None) == (2,)
