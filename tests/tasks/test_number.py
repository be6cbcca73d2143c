"""Numbers as answers: their intervals hold what they promise, and hardly different ones are the same."""

import numpy as np
import pytest

from haoqi.data.examples import Examples
from haoqi.tasks.outputs.cells import read_number
from haoqi.tasks.outputs.number import LEVEL, Number


def test_intervals_hold_nine_of_ten_numbers_that_nobody_saw() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    found = (truth + rng.standard_t(4, size=4000)).astype(np.float32)[:, None]
    examples = Examples.of(["t"] * 4000, truth.tolist())
    first, second = examples.take(range(2000)), examples.take(range(2000, 4000))
    fitted = Number().calibrate(found[:2000], first)
    answers = Number().decode(found[2000:], second, **fitted)
    assert answers.intervals is not None
    held = (answers.intervals[:, 0] <= truth[2000:]) & (truth[2000:] <= answers.intervals[:, 1])
    assert held.mean() == pytest.approx(LEVEL, abs=0.03)
    assert answers.confidence is None


def test_of_few_examples_the_widest_error_counts() -> None:
    examples = Examples.of(["a", "b", "c"], [1.0, 2.0, 4.0])
    fitted = Number().calibrate(np.array([[1.5], [2.0], [1.0]], np.float32), examples)
    assert fitted["half_width"] == 3.0
    assert Number().calibrate(np.zeros((1, 1), np.float32), Examples.of(["a"])) == {}


def test_numbers_are_the_same_where_they_hardly_differ_beside_their_interval() -> None:
    assert Number().same(3.0, 3.01, half_width=1.0)
    assert not Number().same(3.0, 3.1, half_width=1.0)
    assert not Number().same(3.0, 3.001)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        *(("12", 12.0), ("１，２３４．５", 1234.5), (" -3 ", -3.0), ("1e3", 1000.0), (7, 7.0)),
        *(("1,23", 1.23), ("1,234", 1234.0), ("$4.50", 4.5), ("-€ 1,200", -1200.0), ("￥88", 88.0), ("12 %", 12.0)),
    ],
)
def test_cells_are_read_as_numbers(cell: object, number: float) -> None:
    assert read_number(cell) == number


@pytest.mark.parametrize("cell", ["", None, "abc", "1,23,4", "$", "4$5", True, float("inf"), "nan ", [1]])
def test_other_cells_are_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r"empty|no number"):
        read_number(cell)
