"""What an experiment leaves behind is read as it was written, and a damaged file is an error that says so."""

import numpy as np

from haoqi.explore.record import artifacts


def test_what_was_made_of_one_row_is_remembered_together() -> None:
    memory = artifacts.EarlyAnswers.of([7, 3, 7], np.array([[0.2, 0.8], [0.9, 0.1], [0.6, 0.4]], np.float32))
    told = memory.all_of([7, 3])
    assert told is not None and np.allclose(told, [[0.4, 0.6], [0.9, 0.1]])
    assert memory.all_of([3, 8]) is None
    assert memory.all_of([9]) is None
