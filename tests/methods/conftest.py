"""What tests of methods that train a base share."""

from pathlib import Path

import pytest

from haoqi.methods import _tuning
from haoqi.models.bases import Base, resolve
from haoqi.models.encoders.placement import Placement


@pytest.fixture(scope="module")
def base(tiny_base: str, home: Path) -> Base:
    return resolve(tiny_base, home / "cache")


@pytest.fixture
def plain_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in fp32 on the CPU, whatever the machine."""
    monkeypatch.setattr(_tuning, "probed", Placement)
    monkeypatch.setattr("haoqi.models.encoders.placement.probed", Placement)
