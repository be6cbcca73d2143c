"""sst2 with a fifth of its training labels flipped: are the flips found, and is the lost accuracy won back?

    python bench/flipped.py                                   # three seeds, five minutes a run: about an hour
    python bench/flipped.py --seeds 1 --minutes 0.5 --rows 600     # the smallest: about three minutes

Four runs of the same minutes on the same rows: clean and flipped labels, each with reflection off and on. Only labels
of the training split are flipped; validation and test stay as they are. Won back is (flipped, on - flipped, off) /
(clean, off - flipped, off) in test accuracy; no harm is clean, on - clean, off. The suspects are those that the
lesson counted, held against the flips that are known. Each cell is written as it ends, and cells that are there are
not run again.
"""

import argparse
import csv
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import table
from peers import apart

SHARE = 0.2
ROWS, MINUTES, SEEDS = 2400, 5.0, 3
RUNS = tuple((labels, reflect) for labels in ("clean", "flipped") for reflect in (False, True))
OTHER = {"0": "1", "1": "0"}
NAMES = {"0": "negative", "1": "positive"}

Rows = list[tuple[str, str]]


def parts(rows: int, seed: int) -> tuple[dict[str, Rows], list[int]]:
    """Return training, validation and test rows of sst2, and which training rows are to be flipped."""
    found: dict[str, Rows] = {}
    seen: set[str] = set()
    for name, file in (("test", "test"), ("valid", "dev"), ("train", "train")):
        lines = (table.DATA / "sst2" / f"{file}.tsv").read_text(encoding="utf-8").splitlines()
        pairs = [(text, label) for text, _, label in (line.rpartition("\t") for line in lines)]
        found[name] = [(text, label) for text, label in dict(pairs).items() if text not in seen]
        seen |= {text for text, _ in found[name]}
    rng = np.random.default_rng(seed)
    found["train"] = [found["train"][at] for at in rng.permutation(len(found["train"]))[:rows].tolist()]
    count = len(found["train"])
    return found, sorted(rng.permutation(count)[: round(SHARE * count)].tolist())


def run(labels: str, reflect: bool, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Return what one run came to, and how well its suspects are the flips."""
    found, flips = parts(asked.rows, seed)
    flipped = set(flips) if labels == "flipped" else set()
    found["train"] = [
        (text, OTHER[label] if at in flipped else label) for at, (text, label) in enumerate(found["train"])
    ]
    with tempfile.TemporaryDirectory() as place:
        files = {name: _written(Path(place) / f"{name}.csv", rows) for name, rows in found.items()}
        settings = {"minutes": asked.minutes, "seed": seed, "reflect": reflect, "strategy": asked.strategy}
        # Rows that leave the training split as near-duplicates of others would take flips with them.
        settings |= {"valid_file": files["valid"], "test_file": files["test"], "near_duplicates": False}
        given = {
            "source": files["train"],
            "settings": settings,
            "test": [text for text, _ in found["test"]],
            "readings": [asked.minutes * 60],
            "seconds": asked.minutes * 60,
            "case": "sst2",
        }
        told = apart.run("ours", given, threads=asked.threads)
    last = told["readings"][-1]
    right = [NAMES[true] == answer for (_, true), answer in zip(found["test"], last["answers"], strict=True)]
    facts = {"plan": last["plan"], **{name: told[name] for name in ("experiments", "tried", "crowned", "lessons")}}
    return {"accuracy": float(np.mean(right)), "seconds": told["seconds"], **facts, **judged(told["suspects"], flipped)}


def judged(suspects: list[int] | None, wrong: set[int]) -> dict[str, Any]:
    """Return how many suspects there were, and their precision and recall of the flips, where there were any."""
    if suspects is None:
        return {"suspects": None}
    caught = len(wrong & set(suspects))
    shares = {"precision": caught / max(1, len(suspects)), "recall": caught / len(wrong)} if wrong else {}
    return {"suspects": len(suspects), **shares}


def _written(path: Path, rows: Rows) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((text, NAMES[label]) for text, label in rows)])
    return str(path)


def cells(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return all cells, those that are missing run; the seeds take turns, so that any part is of use."""
    known = table.recorded("flipped")
    found = []
    for seed in range(asked.seeds):
        for labels, reflect in RUNS:
            facts = {"labels": labels, "reflect": reflect, "seed": seed, "rows": asked.rows}
            facts |= {"minutes": asked.minutes, "strategy": asked.strategy}
            cell = next((row for row in known if facts.items() <= row.items()), None)
            cell = cell or table.record("flipped", **facts, **run(labels, reflect, seed, asked))
            print(cell, flush=True)
            found.append(cell)
    return found


def main() -> None:
    """Run what is missing and print the table, what was wanted last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="training rows")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--strategy", default="curious")
    parser.add_argument("--threads", type=int, default=2)
    found = cells(asked := parser.parse_args())
    print()
    columns = ["labels", "reflect", "seed", "accuracy", "seconds", "suspects", "precision", "recall", "plan"]
    table.show(found, columns)

    def mean(labels: str, reflect: bool, what: str = "accuracy") -> float:
        told = [cell for cell in found if (cell["labels"], cell["reflect"]) == (labels, reflect)]
        return float(np.mean([cell.get(what) or 0.0 for cell in told]))

    lost = mean("clean", False) - mean("flipped", False)
    won = mean("flipped", True) - mean("flipped", False)
    print(f"\nmeans of {asked.seeds} seeds, {asked.rows} rows, {SHARE:.0%} flipped, {asked.minutes:g} minutes a run")
    print(f"recall of the flips {mean('flipped', True, 'recall'):.3f} (wanted 0.75)")
    print(f"precision of the suspects {mean('flipped', True, 'precision'):.3f} (wanted 0.60)")
    share = f"{won / lost:.2f}" if lost > 0 else "nothing was lost"
    print(f"accuracy lost {lost:+.4f}, won back {won:+.4f}: {share} (wanted 0.5)")
    print(f"reflection on clean labels {mean('clean', True) - mean('clean', False):+.4f} (wanted no harm)")


if __name__ == "__main__":
    main()
