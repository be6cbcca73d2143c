"""What `haoqi improve` makes of pairs of texts and of numbers, beside what costs nothing: the witnesses of both.

    python bench/pairs_and_numbers.py                   # half an hour on two cores
    python bench/pairs_and_numbers.py --only stsb-en --minutes 1 --dry

Each set is learnt once as it is and once from its first text alone, in the same minutes, and tried on its published
test split (of the films: on a fifth that is drawn here) by code of this file. Beside them stand the answer that is
always the same, and for sentences alike the cosine of an untuned base's embeddings. `exchanged` is the largest change
of an answer when its two texts change places, which is asked of tasks whose order is nothing.
"""

import argparse
import csv
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

Row = tuple[str, str, Any]
"""Two texts, the second one empty where there is one, and the answer."""


@dataclass(frozen=True)
class Witness:
    """A set and how it is told good from bad."""

    splits: dict[str, list[Row]]
    """Under train, test and, where it is published, valid."""
    task: str
    metric: str
    score: Callable[[Sequence[Any], Sequence[Any]], float]
    base: str = ""
    """Whose untuned cosine stands beside it."""


def pearson(truth: Sequence[float], answers: Sequence[float]) -> float:
    """Return the correlation; 0 where either never changes."""
    return float(np.corrcoef(truth, answers)[0, 1]) if np.std(answers) > 0 else 0.0


def determination(truth: Sequence[float], answers: Sequence[float]) -> float:
    """Return the share of the variance that is explained."""
    known, given = np.asarray(truth), np.asarray(answers)
    return float(1 - ((known - given) ** 2).sum() / ((known - known.mean()) ** 2).sum())


def macro_f1(truth: Sequence[str], answers: Sequence[str]) -> float:
    """Return the mean of the classes' F1."""
    from sklearn.metrics import f1_score

    return float(f1_score(truth, answers, average="macro"))


def stsb(language: str, base: str) -> Witness:
    """Return the sentences of the STS benchmark, 0 to 5."""
    splits = {}
    for name, part in (("train", "train"), ("valid", "dev"), ("test", "test")):
        with (table.DATA / "stsb_en_zh" / f"stsb-{language}-{part}.csv").open(encoding="utf-8", newline="") as file:
            splits[name] = [(one, other, float(value)) for one, other, value in csv.reader(file)]
    return Witness(splits, "similarity", "pearson", pearson, base)


def bustm() -> Witness:
    """Return the few questions of FewCLUE's BUSTM, same or not."""
    splits = {}
    for name, part in (("train", "train_few_all"), ("valid", "dev_few_all"), ("test", "test_public")):
        lines = (table.DATA / "fewclue_bustm" / f"{part}.json").read_text(encoding="utf-8").splitlines()
        plain = [json.loads(line) for line in lines if line.strip()]
        splits[name] = [(one["sentence1"], one["sentence2"], one["label"]) for one in plain]
    return Witness(splits, "paraphrase", "macro-F1", macro_f1)


def films() -> Witness:
    """Return films with ten ratings and more: title and genres, and the mean."""
    folder = table.DATA / "movielens_latest_small"
    ratings: dict[str, list[float]] = {}
    with (folder / "ratings.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            ratings.setdefault(line["movieId"], []).append(float(line["rating"]))
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
        rows: list[Row] = [
            (f"{line['title']}: {line['genres'].replace('|', ', ')}", "", round(statistics.mean(given), 3))
            for line in csv.DictReader(file)
            if len(given := ratings.get(line["movieId"], [])) >= 10
        ]
    random.Random(0).shuffle(rows)
    fifth = len(rows) // 5
    return Witness({"train": rows[fifth:], "test": rows[:fifth]}, "regression", "R2", determination)


WITNESSES: dict[str, Callable[[], Witness]] = {
    "stsb-en": lambda: stsb("en", "minilm"),
    "stsb-zh": lambda: stsb("zh", "multilingual"),
    "bustm": bustm,
    "films": films,
}


def learnt(
    name: str, witness: Witness, minutes: float, folder: Path, *, first_alone: bool
) -> tuple[Any, dict[str, Any]]:
    """Return the model of a run that was given everything but the test split, and what the run says of itself."""
    import haoqi

    pairs = witness.task != "regression" and not first_alone
    head = ["first", "second", "label"] if pairs else ["first", "label"]
    for split in ("train", "valid"):
        if split in witness.splits:
            with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(head)
                rows.writerows((a, b, label) if pairs else (a, label) for a, b, label in witness.splits[split])
    asked: dict[str, Any] = {"text": "first", "label": "label", "name": name, "minutes": minutes, "compile": False}
    asked |= {"pair": "second", "task": witness.task} if pairs else {}
    asked |= {} if pairs else {"task": "classification" if witness.metric == "macro-F1" else "regression"}
    if "valid" in witness.splits:
        asked |= {"valid_file": str(folder / "valid.csv")}
    began = time.monotonic()
    haoqi.improve(str(folder / "train.csv"), **asked)
    model = haoqi.load(name)
    return model, {"seconds": round(time.monotonic() - began), "method": model.facts.get("method")}


def cells(name: str, witness: Witness, minutes: float, folder: Path) -> list[dict[str, Any]]:
    """Return what each way of answering scores on the test split."""
    test, train = witness.splits["test"], witness.splits["train"]
    truth = [label for _, _, label in test]
    numbers = witness.metric != "macro-F1"
    labels = [label for _, _, label in train]
    same = statistics.mean(labels) if numbers else statistics.mode(labels)
    found = [{"way": "always the same", "score": witness.score(truth, [same] * len(test))}]
    if witness.base:
        from haoqi.core import folder as folders
        from haoqi.models.bases import resolve
        from haoqi.models.encoders.embedder import Embedder

        read = Embedder(resolve(witness.base, folders.cache()))
        both = read([a for a, _, _ in test]), read([b for _, b, _ in test])
        found.append(
            {"way": f"cosine of {witness.base}", "score": witness.score(truth, (both[0] * both[1]).sum(axis=1))}
        )
    ways = [("released", False), ("first text alone", True)] if test[0][1] else [("released", False)]
    for way, alone in ways:
        place = folder / way.replace(" ", "-")
        place.mkdir(parents=True)
        model, facts = learnt(f"{name}-alone" if alone else name, witness, minutes, place, first_alone=alone)
        paired = bool(test[0][1]) and not alone
        answered = model.predict([(a, b) if paired else a for a, b, _ in test]).labels
        cell = {"way": way, "score": witness.score(truth, answered), **facts}
        if paired and numbers:
            turned = model.predict([(b, a) for a, b, _ in test]).labels
            cell["exchanged"] = float(np.abs(np.subtract(answered, turned)).max())
        elif paired:
            turned = model.predict([(b, a) for a, b, _ in test]).labels
            cell["exchanged"] = sum(one != other for one, other in zip(answered, turned, strict=True))
        found.append(cell)
    return [{"set": name, "metric": witness.metric, "minutes": minutes, "test": len(test), **cell} for cell in found]


def main() -> None:
    """Learn, try and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=sorted(WITNESSES), default=list(WITNESSES))
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--dry", action="store_true", help="record nothing")
    given = parser.parse_args()
    import os

    found = []
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["HAOQI_HOME"] = str(Path(scratch) / "home")
        for name in given.only:
            for cell in cells(name, WITNESSES[name](), given.minutes, Path(scratch) / name):
                found.append(cell)
                if not given.dry:
                    table.record("pairs_and_numbers", **cell)
    table.show(found, ["set", "way", "metric", "score", "method", "exchanged", "seconds"])


if __name__ == "__main__":
    main()
