"""A run that is killed at any moment goes on as if it had not been."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_pipeline import reviews


def killed(tmp_path: Path, tiny_base: str, kills: int) -> str:
    source = reviews(tmp_path / "reviews.csv", rows=120)
    script = Path(__file__).with_name("kill_many.py")
    command = [sys.executable, str(script), str(source), tiny_base, str(tmp_path / "homes"), str(kills)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_killed_at_random_moments_ends_as_if_never_stopped(tmp_path: Path, tiny_base: str) -> None:
    assert killed(tmp_path, tiny_base, 4).startswith("4 kills")


@pytest.mark.slow
def test_a_run_killed_twenty_times_ends_as_if_never_stopped(tmp_path: Path, tiny_base: str) -> None:
    assert killed(tmp_path, tiny_base, 20).startswith("20 kills")
