"""One million short texts from a file to a file: rows per second, peak memory, and what a kill costs.

    python bench/predict_million.py [--rows 1000000] [--kills 1] [--encoder]

The texts are lines of sst2 and ag_news, two of which are joined and varied under a seed, so that none occurs twice. A
release learns sst2 in Python: TF-IDF under logistic regression, or with --encoder a fine-tuned minilm,
compiled. `haoqi predict --file --out` then answers in a process of its own whose peak memory the kernel tells. The
same command is killed at moments drawn at random and taken up again; the two files must not differ in a byte.
"""

import argparse
import csv
import filecmp
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import table

LIMIT_GIB = 2.0
SHORTEST, LONGEST = 4, 40  # words


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    """Negative: killed by that signal."""
    seconds: float
    gib: float
    """The most memory that it held."""


def make(path: Path, rows: int, seed: int = 0) -> None:
    """Write a table of different short texts, each with its number."""
    lines, rng, seen = [line.split() for line in real_lines()], random.Random(seed), set[int]()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        while len(seen) < rows:
            first, second = rng.choice(lines), rng.choice(lines)
            words = [*first[: rng.randint(2, len(first))], *second[rng.randint(0, len(second) - 2) :]][:LONGEST]
            text = " ".join(words)
            if len(words) < SHORTEST or hash(text) in seen:
                continue
            writer.writerow([len(seen), text])
            seen.add(hash(text))


def real_lines() -> list[str]:
    """Return lines of reviews and of news."""
    reviews = (table.DATA / "sst2" / "train.tsv").read_text(encoding="utf-8").splitlines()
    news = json.loads((table.DATA / "ag_news" / "agnews_train.json").read_text(encoding="utf-8"))
    lines = [line.rpartition("\t")[0] for line in reviews]
    lines += [part.partition(": ")[2] for one in news for part in one["sentence"].split("\n") if part]
    return [line for line in lines if len(line.split()) >= SHORTEST]


def released(encoder: bool) -> str:
    """Return the name of a release that learnt sst2."""
    import haoqi

    if encoder:
        from predict_speed import trained

        return trained("sst2")
    rows = [line.rpartition("\t") for line in (table.DATA / "sst2" / "train.tsv").read_text("utf-8").splitlines()]
    pairs = [(text, ("negative", "positive")[int(label)]) for text, _, label in rows]
    run = haoqi.improve(pairs, name="million", task="sentiment", methods=("logistic",), steps=1)
    return run.name


def start(name: str, source: Path, out: Path, log: Path) -> subprocess.Popen[bytes]:
    """Return the process that answers a file."""
    command = [sys.executable, "-m", "haoqi", "predict", name, "--file", str(source), "--out", str(out)]
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, cwd=Path(__file__).parent.parent)


def ended(process: "subprocess.Popen[bytes]", begun: float) -> Ended:
    """Return how a process ended, when it has."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(process.returncode, time.perf_counter() - begun, usage.ru_maxrss / 2**20)


def answer(name: str, source: Path, out: Path, log: Path, kill_after: float | None = None) -> Ended:
    """Answer a file in a process of its own, and kill it after so many seconds if it is still at it."""
    begun = time.perf_counter()
    process = start(name, source, out, log)
    while kill_after is not None and time.perf_counter() - begun < kill_after:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            break
        time.sleep(0.02)
    else:
        if kill_after is not None:
            process.send_signal(signal.SIGKILL)
    return ended(process, begun)


def kept(out: Path) -> int:
    """Return how many rows a killed process left answered."""
    journal = out.with_name(f"{out.name}.partial.journal")
    lines = journal.read_bytes().split(b"\n")[1:-1] if journal.exists() else []
    return int(json.loads(lines[-1])["rows"]) if lines else 0


def killed_and_resumed(name: str, source: Path, log: Path, *, seconds: float, kills: int) -> tuple[Ended, list[int]]:
    """Return the ending of a command that was killed at random moments, and what each kill had left."""
    out, rng, left = source.with_name("resumed.csv"), random.Random(), list[int]()
    while len(left) < kills:
        end = answer(name, source, out, log, kill_after=rng.uniform(0.1, 0.9) * seconds)
        if end.code != -signal.SIGKILL:
            return end, left  # it was through before its time had come
        assert not out.exists(), "a killed process left a file that looks whole"
        left.append(kept(out))
    return answer(name, source, out, log), left


def measure(folder: Path, said: argparse.Namespace) -> dict[str, Any]:
    """Return what came of it, with "same bytes" and "within memory"."""
    source, whole, log = folder / "in.csv", folder / "whole.csv", folder / "log.txt"
    begun = time.perf_counter()
    make(source, said.rows)
    print(f"{said.rows:,} texts, {source.stat().st_size / 2**20:.0f} MiB, in {time.perf_counter() - begun:.0f} s")
    name = released(said.encoder)
    straight = answer(name, source, whole, log)
    if straight.code:
        sys.exit(f"haoqi predict failed:\n{log.read_text('utf-8')}")
    print(f"answered in {straight.seconds:.1f} s, {straight.gib:.2f} GiB at most")
    again, left = killed_and_resumed(name, source, log, seconds=straight.seconds, kills=said.kills)
    same = not again.code and filecmp.cmp(whole, folder / "resumed.csv", shallow=False)
    with whole.open(encoding="utf-8", newline="") as file:
        in_order = all(int(row["id"]) == place for place, row in enumerate(csv.DictReader(file)))
        file.seek(0)
        count = sum(1 for _ in csv.reader(file)) - 1
    return {
        "model": "full of minilm, compiled" if said.encoder else "logistic",
        "rows": said.rows,
        "seconds": round(straight.seconds, 1),
        "rows_per_second": round(said.rows / straight.seconds),
        "peak_gib": round(max(straight.gib, again.gib), 3),
        "killed_at_rows": left,
        "same_bytes": same,
        "all_rows_in_order": in_order and count == said.rows,
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--kills", type=int, default=1)
    arguments.add_argument("--encoder", action="store_true")
    arguments.add_argument("--folder", type=Path, help="keep the files and the release here")
    arguments.add_argument("--dry", action="store_true", help="record nothing")
    said = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (said.folder or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.csv*"):
            old.unlink()
        os.environ["HAOQI_HOME"] = str(folder / "home")
        cell = measure(folder, said)
    if not said.dry:
        table.record("predict_million", **cell)
    for key, value in cell.items():
        print(f"{key.replace('_', ' ')}: {value}")
    fine = cell["same_bytes"] and cell["all_rows_in_order"] and cell["peak_gib"] < LIMIT_GIB
    print(f"the same bytes after a kill, every row in order, and under {LIMIT_GIB:g} GiB: {'yes' if fine else 'NO'}")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
