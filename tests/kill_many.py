"""Run one run again and again, kill it at random moments, and say whether it ended as if never stopped.

A process of its own, because it forks: libraries are imported once, so kills fall into the work itself.

    python tests/kill_many.py SOURCE BASE FOLDER KILLS
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import transformers.models.bert.modeling_bert  # noqa: F401 - imported once, before the children are

from haoqi import pipeline
from haoqi.core import hardware
from haoqi.core.ledger import Ledger
from haoqi.models.releases import releases
from haoqi.run import run_of

METHODS = ("majority", "tfidf", "probe", "full")


def work(source: str, base: str) -> None:
    """Make the run, or what is left of it."""
    pipeline.improve(run_of(source, steps=5, base=(base,), methods=METHODS, variants=1, compile=False))


def child(source: str, base: str) -> int:
    """Return the process that does the work."""
    pid = os.fork()
    if pid == 0:
        try:
            work(source, base)
        except BaseException as error:
            print(f"the run failed: {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    return pid


def checked(home: Path) -> str:
    """Return the ledger's digest after checking that nothing in a home is half there."""
    for name in releases.names():
        for release in releases.list_releases(name):
            release.load()
    ledgers = list(home.glob("runs/*/*/ledger.sqlite"))
    if not ledgers:
        return ""
    ledger = Ledger(ledgers[0])
    try:
        return "".join(ledger.verify(run) for run in ledger.runs())
    finally:
        ledger.close()


def main(source: str, base: str, folder: Path, kills: int) -> None:
    """Kill that many times and compare every run's end with one that was left alone."""
    os.environ["HAOQI_HOME"] = str(folder / "whole")
    probed = hardware.probe(folder / "probe")
    hardware.probe = lambda cache, again=True: probed
    begun = time.perf_counter()
    _, status = os.waitpid(child(source, base), 0)
    assert status == 0
    seconds, whole = time.perf_counter() - begun, checked(folder / "whole")
    rng, killed, home = random.Random(0), 0, 0
    while True:
        os.environ["HAOQI_HOME"] = str(folder / str(home))
        pid = child(source, base)
        if killed < kills:
            time.sleep(rng.uniform(0, seconds))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        digest = checked(folder / str(home))
        if os.WIFSIGNALED(status):
            killed += 1
            continue
        assert status == 0, f"exit status {status} after {killed} kills"
        assert digest == whole, f"another ledger after {killed} kills"
        [release] = [r for name in releases.names() for r in releases.list_releases(name)]
        assert release.version == 1
        home += 1
        if killed >= kills:
            print(f"{killed} kills, {home} whole runs, all the same", flush=True)
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
