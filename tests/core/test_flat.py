"""Settings within settings are one list of names."""

from dataclasses import dataclass, field
from typing import Annotated

import pytest

from haoqi.core.config import Range
from haoqi.core.errors import UserError
from haoqi.core.flat import as_flat, build_flat, flat_settings


@dataclass(frozen=True)
class Inner:
    depth: Annotated[int, Range(1, 9)] = 3
    """How deep."""


@dataclass(frozen=True)
class Outer:
    source: str
    """From where."""
    inner: Inner = field(default_factory=Inner)
    seed: int = 0
    """Chance."""


def test_inner_settings_stand_in_their_place() -> None:
    assert [(s.name, s.help) for s in flat_settings(Outer)] == [
        ("source", "From where."),
        ("depth", "How deep."),
        ("seed", "Chance."),
    ]


def test_a_round_trip_changes_nothing() -> None:
    outer = Outer("a.csv", Inner(5), 7)
    assert build_flat(Outer, as_flat(outer), "a run") == outer


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="a run has no setting dept") as caught:
        build_flat(Outer, {"source": "a", "dept": 2}, "a run")
    assert "depth" in caught.value.hint


def test_limits_of_inner_settings_hold() -> None:
    with pytest.raises(UserError, match="between 1 and 9"):
        build_flat(Outer, {"source": "a", "depth": 10}, "a run")
