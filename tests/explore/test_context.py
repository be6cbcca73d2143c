"""The context of a search decides on which examples plans are judged, and shares what is computed once."""

from dataclasses import replace

from haoqi.explore.settings import ExploreSettings
from tests.explore.test_cost_model import context


def test_folds_follow_the_number_of_examples_and_the_time() -> None:
    def folds(rows: int, judged: int, minutes: float | None) -> int:
        room = context(rows, judged)
        return replace(room, settings=ExploreSettings(minutes=minutes, steps=5)).folds

    assert folds(12, 3, 1.0) == 3
    assert folds(12, 3, 5.0) == folds(12, 3, None) == 5
    assert folds(200, 50, 1.0) == 5  # more than a few of each label
    assert folds(2000, 300, 1.0) == folds(3000, 50, 1.0) == 0
