"""Each contestant in a process of its own, with the same threads: what it is asked and what it answers are JSON.

    python bench/peers/apart.py trainer asked.json answered.json

A contestant is a module here with `answer(asked)`; its clock starts once its libraries are imported, and stops
before the test texts are answered. SetFit is no dependency of ours: `--peers-python` names a Python that has it, made
by `python -m venv peers && peers/bin/pip install setfit scikit-learn datasets`.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

SIDES = {"ours": "ours", "plain": "plain", "setfit": "set_fit", "trainer": "trainer", "tfidf": "linear"}
"""Contestants and the modules here that hold them."""

NEEDS = {"setfit": "setfit"}
"""Libraries that only the other Python need have."""

# A contestant that has not ended long after its time is given up.
_SLACK_SECONDS, _SLACK = 900.0, 6.0


def run(side: str, asked: dict[str, Any], python: str = sys.executable, threads: int = 2) -> dict[str, Any]:
    """Return what a contestant answered.

    Args:
        side: one of SIDES.
        asked: what its module's `answer` takes.
        python: the interpreter for contestants that are not ours.
        threads: that it may compute with.

    Raises:
        RuntimeError: if it failed, with the end of what it said.
    """
    interpreter = python if side in NEEDS else sys.executable
    surroundings = {**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true"}
    surroundings |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "PYTHONWARNINGS": "ignore"}
    limit = _SLACK_SECONDS + _SLACK * float(asked.get("seconds") or 0.0)
    with tempfile.TemporaryDirectory() as place:
        given, told = Path(place) / "asked.json", Path(place) / "answered.json"
        given.write_text(json.dumps(asked, ensure_ascii=False), encoding="utf-8")
        command = [interpreter, str(Path(__file__)), side, str(given), str(told)]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=limit, check=False)
        if done.returncode:
            raise RuntimeError(f"{side} failed: {(done.stderr or done.stdout)[-2000:]}")
        found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        return found


def available(side: str, python: str) -> bool:
    """Return whether the library of a contestant is there."""
    if side not in NEEDS:
        return True
    asked = [python, "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec('{NEEDS[side]}') is None)"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _end_with(parent: int) -> None:
    """End when the bench has: a contestant that outlives it would take its time from the next."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def main() -> None:
    """Be one contestant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", choices=list(SIDES))
    parser.add_argument("asked", type=Path)
    parser.add_argument("answered", type=Path)
    given = parser.parse_args()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    asked = json.loads(given.asked.read_text(encoding="utf-8"))
    sys.path[0] = str(Path(__file__).parents[1])  # else a module here would hide a library of its name
    module = importlib.import_module(f"peers.{SIDES[given.side]}")
    given.answered.write_text(json.dumps(module.answer(asked), ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
