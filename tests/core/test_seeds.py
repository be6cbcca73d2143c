"""Seeds give independent generators."""

from hypothesis import given
from hypothesis import strategies as st

from haoqi.core import seeds


@given(seed=st.integers(0, 2**31), name=st.text(), other=st.text())
def test_a_number_follows_from_seed_and_names(seed: int, name: str, other: str) -> None:
    assert seeds.number(seed, name) == seeds.number(seed, name)
    assert 0 <= seeds.number(seed, name) < 2**63
    assert (seeds.number(seed, name) == seeds.number(seed, other)) == (name == other)


def test_names_are_not_run_together() -> None:
    assert seeds.number(0, "ab", "c") != seeds.number(0, "a", "bc")


def test_generators_repeat_themselves() -> None:
    assert seeds.generator(3, "x").random() == seeds.generator(3, "x").random()
    assert seeds.plain(3, "x").random() == seeds.plain(3, "x").random()
