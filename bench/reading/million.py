"""A million rows of text, label and identifier: how long reading takes, and how much memory it needs."""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

LIMIT_SECONDS, LIMIT_GIB = 20, 1.0
LABELS = ("praise", "question", "fault", "order", "refund", "news", "travel", "other")
_LOT = 50_000


def run(rows: int) -> int:
    """Print what reading takes of a plain file and of one whose quotes must be judged; 1 where it is too much."""
    fine = True
    with tempfile.TemporaryDirectory() as home:
        for quoted in (False, True):
            path = Path(home) / f"million{quoted}.csv"
            make(path, rows, quoted)
            command = [sys.executable, "-c", f"from reading import million; million.measure({str(path)!r})"]
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
            found = json.loads(done.stdout)
            fine &= found["seconds"] <= LIMIT_SECONDS and found["gib"] <= LIMIT_GIB
            size = path.stat().st_size / 2**20
            kind = "quotes, line breaks, emoji" if quoted else "plain"
            print(f"{rows:,} rows ({kind}, {size:.0f} MiB): {json.dumps(found)}")
    print(f"within {LIMIT_SECONDS} s and {LIMIT_GIB} GiB: {'yes' if fine else 'NO'}")
    return 0 if fine else 1


def make(path: Path, rows: int, quoted: bool) -> None:
    """Write a file of random words; `quoted`: with quotes, line breaks, and a few letters that take four bytes."""
    chance = np.random.default_rng(0)
    words = np.array(" ".join(topics.values()).replace("*", " ").replace('"', " ").split(), dtype=object)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        for first in range(0, rows, _LOT):
            lengths = chance.integers(4, 22, min(_LOT, rows - first))
            drawn, ends = words[chance.integers(0, len(words), lengths.sum())], np.cumsum(lengths)
            for place, (end, length) in enumerate(zip(ends, lengths, strict=True), first):
                text = " ".join(drawn[end - length : end])
                if quoted:
                    text = text.replace(" ", "\n", 1) if place % 5 == 0 else f'"{text}" \U0001f600'
                writer.writerow([place, text, LABELS[place * 7919 % len(LABELS)]])


def measure(path: str) -> None:
    """Print seconds and peak memory of one reading as JSON; runs in a process of its own."""
    from haoqi import tasks
    from haoqi.data import DataSettings, read

    begun = time.perf_counter()
    raw = read(DataSettings(path))
    tasks.resolve(None, raw)
    seconds = time.perf_counter() - begun
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    told = {"seconds": round(seconds, 1), "cpu": round(time.process_time(), 1), "gib": round(gib, 2)}
    print(json.dumps({**told, "rows": len(raw.examples), "columns": dict(raw.schema.columns)}))
