import os
import subprocess
import sys

import pytest

from haoqi.core.threads import wait_briefly

NAMES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({}, ("1000", None)),
        ({"GOMP_SPINCOUNT": "7"}, ("7", None)),
        ({"OMP_WAIT_POLICY": "active"}, (None, "active")),
    ],
)
def test_what_the_environment_says_stays(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], kept: tuple[str | None, str | None]
) -> None:
    monkeypatch.setattr(os, "environ", dict(said))
    wait_briefly()
    assert tuple(os.environ.get(name) for name in NAMES) == kept


def test_it_is_said_before_torch_is_there() -> None:
    code = "import haoqi, os, sys; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1000", "False"]
