"""Splits keep their shares, keep together what belongs together, and teach every class."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples, Span
from haoqi.data.preparing.duplicates.dedupe import TEST, TRAIN, VALID
from haoqi.data.preparing.split import by_group, by_time, carve, in_folds, names_of, strata_of


def alone(count: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.arange(count)


def test_shares_are_kept_in_every_class() -> None:
    strata = ["a"] * 700 + ["b"] * 200 + ["c"] * 100
    parts = carve(strata, alone(1000), (0.1, 0.2), np.random.default_rng(0))
    counts = Counter(zip(strata, parts.tolist(), strict=True))
    assert [counts[name, TEST] for name in "abc"] == [140, 40, 20]
    assert [counts[name, VALID] for name in "abc"] == [70, 20, 10]


@given(st.lists(st.sampled_from("abcdef"), min_size=3, max_size=60), st.integers(0, 5))
def test_every_class_is_learnt_first(strata: list[str], seed: int) -> None:
    parts = carve(strata, alone(len(strata)), (0.1, 0.1), np.random.default_rng(seed))
    learnt = {name for name, part in zip(strata, parts, strict=True) if part == TRAIN}
    assert learnt == set(strata)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=60), st.integers(0, 5))
def test_units_are_never_torn(units: list[int], seed: int) -> None:
    held = np.array(units, np.int64)
    for parts in (
        carve(["x"] * len(units), held, (0.2, 0.2), np.random.default_rng(seed)),
        by_group(held, (0.2, 0.2), np.random.default_rng(seed)),
    ):
        homes = {(unit, part) for unit, part in zip(units, parts.tolist(), strict=True)}
        assert len(homes) == len(set(units))


LABELS = st.lists(st.sets(st.sampled_from("abcdefgh"), max_size=3), min_size=3, max_size=50)


@given(
    LABELS, st.lists(st.integers(0, 30), min_size=50, max_size=50), st.sampled_from([0.01, 0.1, 0.4]), st.integers(0, 5)
)
def test_no_split_lacks_a_class_that_has_rows_enough(
    names: list[set[str]], drawn: list[int], share: float, seed: int
) -> None:
    units = np.array(drawn[: len(names)], np.int64)
    strata = strata_of([tuple(sorted(found)) for found in names])
    parts = carve(strata, units, (share, share), np.random.default_rng(seed), classes=names)
    assert len(parts) == len(names) and set(parts.tolist()) <= {TRAIN, VALID, TEST}
    assert len(set(zip(drawn, parts.tolist(), strict=False))) == len(set(units.tolist()))  # no unit is torn
    found = {
        part: {name for row in np.flatnonzero(parts == part) for name in names[row]} for part in (TRAIN, VALID, TEST)
    }
    plain = carve(strata, units, (share, share), np.random.default_rng(seed))
    learnt = {name for row in np.flatnonzero(plain == TRAIN) for name in names[row]}
    assert learnt <= found[TRAIN]  # to be tested costs no class its being learnt
    of_unit = {
        unit: set().union(*(names[row] for row in np.flatnonzero(units == unit))) for unit in set(units.tolist())
    }
    for name in set().union(*names):
        homes = [unit for unit, held in of_unit.items() if name in held]
        if sum(name in held for held in names) >= 3 and any(of_unit[unit] == {name} for unit in homes):
            assert len(homes) < 2 or name in found[TEST]


@pytest.mark.parametrize("share", [0.001, 0.1, 0.3])
def test_three_rows_of_a_class_are_learnt_validated_and_tested(share: float) -> None:
    labels: list[object] = ["ok"] * 600 + ["fraud"] * 3 + ["twice"] * 2 + ["ok"] * 395
    names = [names_of(label) for label in labels]
    parts = carve(strata_of(labels), alone(1000), (share, share), np.random.default_rng(0), classes=names)
    assert sorted(parts[600:603].tolist()) == [TRAIN, VALID, TEST]
    assert TRAIN in parts[603:605]
    assert abs(int((parts == TEST).sum()) - 1000 * share) <= 2


def test_the_rule_holds_for_several_labels_and_for_spans() -> None:
    several: list[object] = [("a", "b")] * 4 + [("b",)] * 200
    spans: list[object] = [(Span(0, 1, "PER"), Span(2, 3, "LOC"))] * 3 + [(Span(0, 1, "PER"),)] * 100 + [()] * 50
    for labels in (several, spans):
        names = [names_of(label) for label in labels]
        parts = carve(strata_of(labels), alone(len(labels)), (0.02, 0.02), np.random.default_rng(1), classes=names)
        for part in (TRAIN, VALID, TEST):
            assert {name for row in np.flatnonzero(parts == part) for name in names[row]} == {
                n for f in names for n in f
            }


def test_a_class_of_two_units_is_learnt_and_tested() -> None:
    labels: list[object] = ["usual"] * 100 + ["rare"] * 5
    units = np.array([*range(100), 100, 100, 100, 101, 101], np.int64)
    names = [names_of(label) for label in labels]
    parts = carve(strata_of(labels), units, (0.1, 0.1), np.random.default_rng(0), classes=names)
    assert parts[100:].tolist() == [TRAIN] * 3 + [TEST] * 2


def test_where_no_class_is_lacking_the_shares_alone_decide() -> None:
    labels: list[object] = ["a", "b"] * 100
    names = [names_of(label) for label in labels]
    bare = carve(strata_of(labels), alone(200), (0.1, 0.1), np.random.default_rng(3))
    assert (bare == carve(strata_of(labels), alone(200), (0.1, 0.1), np.random.default_rng(3), classes=names)).all()
    none = carve(["a"] * 9, alone(9), (0.0, 0.0), np.random.default_rng(3), classes=[["a"]] * 9)
    assert set(none.tolist()) == {TRAIN}


def test_splits_follow_from_the_seed_alone() -> None:
    strata = ["a", "b"] * 50
    first, again, other = (carve(strata, alone(100), (0.1, 0.1), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_three_groups_fill_three_splits() -> None:
    units = np.array([0] * 5 + [1] * 2 + [2] * 1)
    parts = by_group(units, (0.1, 0.1), np.random.default_rng(0))
    assert set(parts.tolist()) == {TRAIN, VALID, TEST}
    assert set(parts[:5].tolist()) == {TRAIN}


def test_the_newest_rows_are_tested() -> None:
    times = [5.0, 1.0, 4.0, 2.0, 3.0, 0.0]
    assert by_time(times, (0.2, 0.2)).tolist() == [TEST, TRAIN, VALID, TRAIN, TRAIN, TRAIN]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        ([("a", "b"), ("a",), ()], ["b", "a", ""]),
        ([(Span(0, 1, "PER"), Span(2, 3, "LOC")), (Span(0, 1, "PER"),)], ["LOC", "PER"]),
    ],
)
def test_a_label_counts_as_its_rarest_part(labels: list[object], expected: list[str]) -> None:
    assert strata_of(labels) == expected


def test_numbers_fall_into_ranges_of_equal_size() -> None:
    assert set(Counter(strata_of([float(number) for number in range(100)])).values()) == {10}


def test_folds_keep_copies_together_and_spread_every_label() -> None:
    examples = Examples.of([f"text {row}" for row in range(30)], ["rare"] * 6 + ["usual"] * 24)
    double = examples.take([*range(30), *range(30)])
    found = in_folds(double, 3, np.random.default_rng(0))
    assert (found[:30] == found[30:]).all()
    assert np.bincount(found[:6]).tolist() == [2, 2, 2]
    assert np.bincount(found).tolist() == [20, 20, 20]
    assert (found != in_folds(double, 3, np.random.default_rng(1))).any()
    spans = Examples.of(["Ann came", "so", "Bob"], [(Span(0, 3, "PER"),), (), (Span(0, 3, "PER"),)])
    assert sorted(in_folds(spans, 3, np.random.default_rng(0))) == [0, 1, 2]
    assert in_folds(Examples.of([]), 3, np.random.default_rng(0)).tolist() == []
