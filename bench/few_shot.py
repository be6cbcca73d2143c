"""SetFit's own ground: eight examples a class, and for us the seconds that SetFit took.

    python bench/few_shot.py --peers-python peers/bin/python              # all four: about two hours on two cores
    python bench/few_shot.py --data sst2 --draws 1 --test-rows 200        # the smallest: about two minutes

For each draw SetFit (its own library at its defaults, see bench/peers/set_fit.py) learns the rows and its seconds are
measured; its one epoch of pairs is cut at --most-seconds, which only clinc150 with its 1,200 rows and tnews on the
multilingual base reach. Then `haoqi.improve` gets the same rows, the same base and the same seconds, in which
everything is counted but imports, as for SetFit. Both answer the same large test part afterwards. Chinese is read by
the multilingual base, English by minilm. Each cell is written as it ends, and cells that are there are not run again.
"""

import argparse
import base64
import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import table
from peers import apart

EACH, DRAWS, TEST_ROWS, MOST_SECONDS = 8, 5, 2000, 150.0
SCORED = 20
"""Other rows that a release is scored on, so that all eight of a class can be learnt from."""

Rows = list[tuple[str, str]]


def _json_lines(name: str) -> Iterator[tuple[str, str]]:
    for line in (table.DATA / "fewclue_tnews" / f"{name}.json").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield row["sentence"], row["label_desc"]


def _tabbed(name: str) -> Iterator[tuple[str, str]]:
    for line in (table.DATA / "sst2" / f"{name}.tsv").read_text(encoding="utf-8").splitlines():
        text, _, label = line.rpartition("\t")
        yield text, {"0": "negative", "1": "positive"}[label]


def _ag_news(name: str) -> Iterator[tuple[str, str]]:
    for row in json.loads((table.DATA / "ag_news" / f"agnews_{name}.json").read_text(encoding="utf-8")):
        yield row["sentence"], row["label"]


def _clinc(name: str) -> Iterator[tuple[str, str]]:
    found = json.loads((table.DATA / "clinc150" / "data_oos_plus.json").read_text(encoding="utf-8"))
    yield from ((text, label) for text, label in found[name])


DATA: dict[str, tuple[Any, str, str, str]] = {
    "ag_news": (_ag_news, "train", "test", "minilm"),
    "sst2": (_tabbed, "train", "test", "minilm"),
    "clinc150": (_clinc, "train", "test", "minilm"),
    "fewclue_tnews": (_json_lines, "train_few_all", "test_public", "multilingual"),
}
"""Name to what reads it, its part to learn from, its part to be tested on, and the base."""


def drawn(data: str, draw: int, test_rows: int) -> tuple[Rows, Rows, Rows]:
    """Return eight rows a class by the draw, some rows that a release may be scored on, and the test rows."""
    read, learnt, tested, _ = DATA[data]
    train, test = ([*dict(read(part)).items()] for part in (learnt, tested))
    known = {text for text, _ in train}
    test = [row for row in test if row[0] not in known]
    order = np.random.default_rng(draw).permutation(len(train))
    taken: dict[str, Rows] = {}
    spare: Rows = []
    for at in order.tolist():
        text, label = train[at]
        of_label = taken.setdefault(label, [])
        (of_label if len(of_label) < EACH else spare).append((text, label))
    chosen = np.random.default_rng(0).permutation(len(test))[:test_rows]
    few = [row for rows in taken.values() for row in rows]
    held = spare[:SCORED] if len(spare) >= SCORED else [*spare, *[test[at] for at in chosen[:SCORED].tolist()]]
    return few, held, [test[at] for at in chosen.tolist()]


def peer(data: str, draw: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Return how SetFit answers the test rows, and in what time."""
    from haoqi.core.folder import cache
    from haoqi.models.bases import resolve

    few, _, test = drawn(data, draw, asked.test_rows)
    base = resolve(DATA[data][3], cache(), download=True)
    given = {
        "train": [text for text, _ in few],
        "labels": [label for _, label in few],
        "test": [text for text, _ in test],
        "base": str(base.folder),
        "prefix": base.card.prefix,
        "seed": draw,
        "seconds": asked.most_seconds,
    }
    found = apart.run("setfit", given, asked.peers_python, asked.threads)
    return {**_scores(test, found["answers"]), "seconds": found["seconds"], "plan": found["plan"]}


def ours(data: str, draw: int, seconds: float, asked: argparse.Namespace) -> dict[str, Any]:
    """Return how `haoqi.improve` answers the test rows after so many seconds."""
    few, held, test = drawn(data, draw, asked.test_rows)
    with tempfile.TemporaryDirectory() as place:
        files = {name: _written(Path(place) / f"{name}.csv", rows) for name, rows in (("few", few), ("held", held))}
        settings = {"minutes": seconds / 60, "seed": draw, "base": [DATA[data][3]], "test_file": files["held"]}
        given = {
            "source": files["few"],
            "settings": {**settings, "strategy": asked.strategy, "near_duplicates": False},
            "test": [text for text, _ in test],
            "readings": [seconds],
            "seconds": seconds,
            "case": {"fewclue_tnews": "tnews-zh"}.get(data, data),
        }
        found = apart.run("ours", given, threads=asked.threads)
    last = found["readings"][-1]
    facts = {"plan": last["plan"], "experiments": found["experiments"], "given_seconds": seconds}
    return {**_scores(test, last["answers"]), "seconds": found["seconds"], **facts}


def _written(path: Path, rows: Rows) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return str(path)


def _scores(test: Rows, answers: list[str]) -> dict[str, Any]:
    """Return accuracy, macro-F1, and which rows were right as base64 of one bit each."""
    from sklearn.metrics import f1_score

    true = [label for _, label in test]
    right = np.array([one == other for one, other in zip(true, answers, strict=True)])
    f1 = f1_score(true, answers, average="macro", labels=sorted(set(true)), zero_division=0)
    packed = base64.b64encode(np.packbits(right).tobytes()).decode()
    return {"accuracy": float(right.mean()), "macro_f1": float(f1), "right": packed, "count": len(right)}


def cells(data: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return all cells of a data set, those that are missing run: SetFit first, then ours in its seconds."""
    known = table.recorded("few_shot")
    found: list[dict[str, Any]] = []
    for draw in range(asked.draws):
        facts = {"data": data, "draw": draw, "test_rows": asked.test_rows, "most_seconds": asked.most_seconds}
        pair: dict[str, dict[str, Any]] = {}
        for who in ("setfit", "haoqi"):
            cell = next((row for row in known if {**facts, "who": who}.items() <= row.items()), None)
            if cell is None and who == "setfit":
                cell = table.record("few_shot", **facts, who=who, **peer(data, draw, asked))
            elif cell is None:
                seconds = max(3.0, pair["setfit"]["seconds"])
                cell = table.record("few_shot", **facts, who=who, **ours(data, draw, seconds, asked))
            pair[who] = cell
            print({name: value for name, value in cell.items() if name != "right"}, flush=True)
        found += pair.values()
    return found


def compared(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the paired test of both sides' accuracy on the test rows, the mean of all draws for each."""
    from haoqi.evaluate.comparison import average, compare
    from haoqi.evaluate.metric import count_answers
    from haoqi.evaluate.metrics import metrics

    metric = metrics.build("accuracy")

    def counted(who: str) -> Any:
        tables = []
        for cell in found:
            if cell["who"] == who:
                bits = np.unpackbits(np.frombuffer(base64.b64decode(cell["right"]), dtype=np.uint8))
                right = bits[: cell["count"]]
                tables.append(count_answers(metric, ["1"] * len(right), [str(bit) for bit in right], ("0", "1")))
        return average(tables)

    test = compare(counted("haoqi"), counted("setfit"), metric.score, rng=np.random.default_rng(0))
    return {"difference": test.difference, "low": test.low, "high": test.high, "p": test.p_value}


def main() -> None:
    """Run what is missing and print the table, the paired tests last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", default=list(DATA), choices=list(DATA))
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--test-rows", type=int, default=TEST_ROWS)
    parser.add_argument("--most-seconds", type=float, default=MOST_SECONDS, help="SetFit's epoch is cut at so many")
    parser.add_argument("--strategy", default="curious")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers-python", default=sys.executable, help="a Python that has SetFit")
    asked = parser.parse_args()
    if not apart.available("setfit", asked.peers_python):
        parser.error(f"{asked.peers_python} has no setfit; see bench/peers/apart.py")
    lines, tests = [], []
    for data in asked.data:
        found = cells(data, asked)
        for who in ("setfit", "haoqi"):
            mine = [cell for cell in found if cell["who"] == who]
            means = {
                name: float(np.mean([cell[name] for cell in mine])) for name in ("accuracy", "macro_f1", "seconds")
            }
            spread = float(np.std([cell["accuracy"] for cell in mine]))
            lines.append({"data": data, "who": who, "draws": len(mine), **means, "spread": spread})
        tests.append({"data": data, **compared(found)})
    print()
    table.show(lines, ["data", "who", "draws", "accuracy", "spread", "macro_f1", "seconds"])
    print("\naccuracy, haoqi less SetFit, paired over the test rows")
    table.show(tests, ["data", "difference", "low", "high", "p"])
    mean = float(np.mean([test["difference"] for test in tests]))
    worse = [test["data"] for test in tests if test["difference"] < 0 and test["p"] < 0.05]
    print(f"mean difference: {mean:+.4f} (wanted above 0); worse by the paired test: {', '.join(worse) or 'none'}")


if __name__ == "__main__":
    main()
