"""One million rows of short text: how long import, cleaning, duplicates and splitting take, and what they find.

    python bench/million_rows.py [--rows 1000000] [--compare-datasketch]

The file is made from the words of Python's own documentation and the commonest Chinese characters, under a
seed; 1 % of its rows are exact duplicates of others and 1 % near ones, which the last lines are about.
"""

import argparse
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

LIMIT_SECONDS, LIMIT_GIB = 300, 6
LABELS = ("praise", "question", "fault", "order", "refund", "news", "travel", "other")


Twins = list[tuple[int, int]]


def make(path: Path, rows: int, seed: int = 0) -> tuple[Twins, Twins]:
    """Write the file and return its exact and its near duplicates, each with the earlier row that it repeats."""
    rng = np.random.default_rng(seed)
    exact, near = rows // 100, rows // 100
    texts = [*_english(rng, rows - exact - near - rows // 10), *_chinese(rng, rows // 10)]
    labels = [LABELS[at] for at in rng.integers(0, len(LABELS), len(texts))]
    order = rng.permutation(len(texts))
    texts, labels = [texts[at] for at in order], [labels[at] for at in order]
    long = [row for row, text in enumerate(texts) if len(text) >= (40 if text[0] > "\u2e80" else 80)]
    sources = rng.choice(len(texts), exact, replace=False)
    nears = rng.choice(long, near, replace=False)
    texts += [texts[row] for row in sources] + [_vary(texts[row], rng) for row in nears]
    labels += [labels[row] for row in (*sources, *nears)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(zip(texts, labels, strict=True))
    start = rows - exact - near
    repeated = list(zip(range(start, start + exact), sources.tolist(), strict=True))
    alike = zip(range(start + exact, rows), nears.tolist(), strict=True)
    return repeated, [(row, twin) for row, twin in alike if _are_near(texts[row], texts[twin])]


def _are_near(one: str, other: str) -> bool:
    """Return whether two texts are nearly equal by definition, which a change of a short text may not leave them."""
    from haoqi.data.preparing.clean import clean, normalise
    from haoqi.data.preparing.duplicates.signatures import similarity

    return similarity(normalise(clean(one)), normalise(clean(other))) >= 0.85


def _english(rng: np.random.Generator, rows: int) -> list[str]:
    words = np.array(" ".join(topics.values()).replace("*", " ").replace("`", " ").split(), dtype=object)
    lengths = rng.integers(4, 40, rows)
    drawn, ends = words[rng.integers(0, len(words), lengths.sum())], np.cumsum(lengths)
    return [" ".join(drawn[end - length : end]) for length, end in zip(lengths, ends, strict=True)]


def _chinese(rng: np.random.Generator, rows: int) -> list[str]:
    common = bytes(byte for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFA) for byte in (high, low))
    letters = np.array(list(common.decode("gb2312")))
    lengths = rng.integers(8, 80, rows)
    drawn, ends = letters[rng.integers(0, len(letters), lengths.sum())], np.cumsum(lengths)
    return ["".join(drawn[end - length : end]) + "。" for length, end in zip(lengths, ends, strict=True)]


def _vary(text: str, rng: np.random.Generator) -> str:
    """Return a text as somebody would pass it on: another case, more punctuation, a letter wrong, a word more."""
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return text.upper() + "!!!"
    if kind == 1:
        return f"  {text.capitalize()} ..."
    at = int(rng.integers(1, len(text) - 1))
    if kind == 2:
        return text[:at] + "x" + text[at + 1 :]
    return text + " ok"


def measure(path: Path, folder: Path) -> dict[str, object]:
    """Return seconds per stage, peak memory and what was found; runs in a process of its own."""
    from haoqi.data import DataSettings, prepare, read

    settings = DataSettings(str(path))
    stages: dict[str, float] = {}
    last = start = time.perf_counter()

    def note(stage: str, share: float) -> None:
        nonlocal last
        now = time.perf_counter()
        stages[stage] = stages.get(stage, 0.0) + now - last
        last = now

    raw = read(settings)
    note("read", 1.0)
    prepared = prepare(raw, lambda label: str(label), settings, seed=0, folder=folder, progress=note)
    seconds = time.perf_counter() - start
    splits, card = prepared.splits, prepared.card
    part = {row: name for name in ("train", "valid", "test") for row in getattr(splits, name).ids}
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "seconds": round(seconds, 1),
        "gib": round(gib, 2),
        "stages": {name: round(value, 1) for name, value in stages.items()},
        "rows": dict(card.rows),
        "dropped": dict(card.dropped),
        "near_clusters": card.near_clusters,
        "near_rows": card.near_rows,
        "parts": "".join(part.get(row, "-")[1] if row in part else "-" for row in range(len(raw.examples))),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--compare-datasketch", action="store_true")
    arguments.add_argument("--measure", nargs=2, metavar=("FILE", "FOLDER"), help=argparse.SUPPRESS)
    said = arguments.parse_args()
    if said.measure:
        print(json.dumps(measure(Path(said.measure[0]), Path(said.measure[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.csv"
        exact, near = make(path, said.rows)
        print(f"{said.rows:,} rows, {path.stat().st_size / 2**20:.0f} MiB")
        command = [sys.executable, __file__, "--measure", str(path), str(Path(folder) / "data")]
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        parts = done.pop("parts")
        gone = sum(parts[row] == "-" or parts[twin] == "-" for row, twin in exact)
        together = sum("-" in (parts[row], parts[twin]) or parts[row] == parts[twin] for row, twin in near)
        print(json.dumps(done, indent=1))
        print(f"exact duplicates found {gone:,} of {len(exact):,}")
        print(f"near duplicates in one split {together:,} of {len(near):,}; {done['near_rows']:,} rows in clusters")
        if said.compare_datasketch:
            compare(path)
        fine = done["seconds"] <= LIMIT_SECONDS and done["gib"] <= LIMIT_GIB
        print(f"within {LIMIT_SECONDS} s and {LIMIT_GIB} GiB: {'yes' if fine else 'NO'}")
        sys.exit(0 if fine else 1)


def compare(path: Path, rows: int = 20_000) -> None:
    """Print how long datasketch and our own MinHash take over the same texts."""
    from datasketch import MinHash, MinHashLSH

    from haoqi.data.preparing.clean import normalise
    from haoqi.data.preparing.duplicates.near import near_pairs
    from haoqi.data.preparing.duplicates.signatures import sequences

    with path.open(encoding="utf-8", newline="") as file:
        texts = [normalise(row["text"]) for row, _ in zip(csv.DictReader(file), range(rows), strict=False)]
    near_pairs(texts[:10], 0.85)  # builds its tables
    start = time.perf_counter()
    near_pairs(texts, 0.85)
    own = time.perf_counter() - start
    start = time.perf_counter()
    index = MinHashLSH(params=(16, 5), num_perm=80)
    for row, text in enumerate(texts):
        sketch = MinHash(num_perm=80)
        sketch.update_batch([piece.encode() for piece in sequences(text)])
        index.query(sketch)
        index.insert(row, sketch)
    theirs = time.perf_counter() - start
    print(f"{rows:,} rows: own {own:.1f} s, datasketch {theirs:.1f} s")


if __name__ == "__main__":
    main()
