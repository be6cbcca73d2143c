"""The settings of a search: what its budget is where little is said."""

import pytest

from haoqi.core.config import build
from haoqi.core.errors import UserError
from haoqi.explore.settings import ExploreSettings


def test_the_budget_is_the_minutes_or_five_unless_steps_are_counted() -> None:
    assert ExploreSettings().budget_seconds == 300.0
    assert ExploreSettings(minutes=2.0).budget_seconds == 120.0
    assert ExploreSettings(steps=3).budget_seconds is None
    assert ExploreSettings(minutes=2.0, steps=3).budget_seconds == 120.0


def test_folds_are_none_or_a_number_that_makes_sense() -> None:
    with pytest.raises(UserError, match="folds"):
        build(ExploreSettings, {"folds": 1}, "the search")
