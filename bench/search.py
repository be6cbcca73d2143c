"""Who finds the better model in the same wall time: `haoqi improve`, other searches of its space, or a person's habit.

    python bench/search.py --peers-python peers/bin/python                    # six cases, two seeds: about eight hours
    python bench/search.py --minutes 10 --cases clinc150 hotels-zh            # ten minutes on two of them: four hours
    python bench/search.py --cases bbc-news --seeds 0 --only haoqi tfidf --minutes 0.4 --rows 400    # the smallest

Contestants, each in a process of its own with the same threads, on the same splits of the same file:
- haoqi: the strategy `curious` with reflection; its prior knows nothing of the case at hand;
- random, tpe (Optuna's), halving: searches of the same space with the same engine as people set them up, whose model is
  that of the best validation score, see bench/peers/plain.py;
- setfit, trainer, tfidf: what a person would run, see bench/peers. They choose nothing, so they learn from the
  validation rows too. Those whose training has a length are given a schedule that ends at each reading, a training of
  their own for each, from a speed that is measured free of charge.
What of it is the choice of plans is asked beside: haoqi/random, haoqi/tpe and haoqi/halving are Haoqi with its opening,
champion test and last fit and another strategy, without reflection; haoqi/curious is without reflection only. Where
--only asks for them there are also haoqi/random+reflection and haoqi/halving+reflection.

One run is read at 20 s, 1 and 3 minutes, half of its time (ours alone) and all of it: which model was champion then,
and what that model answers to the test rows, is found out afterwards (bench/peers/ours.py). Where there was no model
yet, the most frequent label answers. A habit that is late for a reading is read as what it had trained by then; what it
came to is kept as "late". A clock starts once libraries are imported; ours counts the scoring of the test split and the
release. Each cell is written as it ends, and cells that are there are not run again.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cases
import numpy as np
import table
from peers import apart

VALID, TEST = 0.25, 0.35
USUAL = ("sst2", "clinc150", "phrasebank", "bbc-news", "hotels-zh", "tnews-zh")
"""English and Chinese, two to 150 labels, short and long, clean and noisy."""

OURS: dict[str, tuple[str, bool]] = {
    "haoqi": ("curious", True),
    "haoqi/random": ("random", False),
    "haoqi/tpe": ("tpe", False),
    "haoqi/halving": ("halving", False),
    "haoqi/curious": ("curious", False),
    "haoqi/halving+reflection": ("halving", True),
    "haoqi/random+reflection": ("random", True),
}
"""Runs of Haoqi: the strategy, and whether it reflects."""

PLAIN = ("random", "tpe", "halving")
THEIRS = ("setfit", "trainer", "tfidf")
OVER = 1.1
"""A run that took so many times its time is told of: what its last reading shows came late."""

READ = (20, 60, 180)
"""Seconds at which a run is read, beside its end."""

RANKED = ("haoqi", *PLAIN, *THEIRS)
WITHIN = ("haoqi", "haoqi/random", "haoqi/tpe", "haoqi/halving", "haoqi/curious")
"""What the choice of plans alone makes of Haoqi."""

CHINESE = ("hotels-zh", "tnews-zh", "zh-reviews")


def readings(minutes: float) -> list[float]:
    """Return at which seconds a run of so many minutes is ranked; the last is its end.

    >>> readings(3)
    [20, 60, 180.0]
    """
    end = minutes * 60
    return [*(at for at in READ if at < end), end]


def prepared(case: str, seed: int, rows: int | None, place: Path) -> tuple[Path, Any]:
    """Return a case's file and the splits that Haoqi makes of it."""
    from haoqi import data, tasks
    from haoqi.data.settings import DataSettings

    source = cases.write(case, place, seed, rows)
    settings = DataSettings(str(source), valid=VALID, test=TEST)
    raw = data.read(settings)
    task, _ = tasks.resolve(None, raw)
    return source, data.prepare(raw, task.output.read, settings, seed=seed, folder=place / "data").splits


def ours(who: str, case: str, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Return what the champions of one run, or the best of a plain search, score on the test rows, by reading."""
    strategy, reflect = OURS.get(who, (who, False))
    with tempfile.TemporaryDirectory() as place:
        source, splits = prepared(case, seed, asked.rows, Path(place))
        settings = {"minutes": asked.minutes, "seed": seed, "strategy": strategy, "reflect": reflect}
        given = {
            "source": str(source),
            "settings": {**settings, "valid": VALID, "test": TEST},
            "test": list(splits.test.texts),
            "readings": sorted({*readings(asked.minutes), asked.minutes * 30}),  # and at half of its time
            "seconds": asked.minutes * 60,
            "case": case,
            "over": OVER,
        }
        found = apart.run("plain" if who in PLAIN else "ours", given, threads=asked.threads)
    told = [
        {"at": one["at"], "plan": one["plan"], "learnt_from": one.get("learnt_from"), **scored(splits, one["answers"])}
        for one in found["readings"]
    ]
    facts = {name: found[name] for name in ("seconds", "experiments", "tried", "crowned", "lessons")}
    return {"readings": told, **facts}


def theirs(who: str, case: str, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Return what a habit scores on the test rows, trained anew for every reading that its whole does not fit in."""
    from haoqi.core.folder import cache
    from haoqi.models.bases import resolve

    base = resolve("multilingual" if case in CHINESE else "minilm", cache(), download=True)
    with tempfile.TemporaryDirectory() as place:
        _, splits = prepared(case, seed, asked.rows, Path(place))
    learnt = [splits.train, splits.valid]
    given = {
        "train": [text for part in learnt for text in part.texts],
        "labels": [label for part in learnt for label in part.labels],
        "test": list(splits.test.texts),
        "base": str(base.folder),
        "prefix": base.card.prefix,
        "seed": seed,
    }
    told: list[dict[str, Any]] = []
    made: list[tuple[float, dict[str, float]]] = []
    whole: dict[str, Any] | None = None
    for at in readings(asked.minutes):
        found = whole or apart.run(who, {**given, "seconds": at}, asked.peers_python, asked.threads)
        whole = found if found.get("whole", True) and found["seconds"] <= at else None
        shown = {"plan": found["plan"], "seconds": found["seconds"]}
        made.append((found["seconds"], scored(splits, found["answers"])))
        told.append({"at": at, **shown, **there(made, at, scored(splits, None))})
    return {"readings": told, "seconds": told[-1]["seconds"]}


def there(made: list[tuple[float, dict[str, float]]], at: float, none: dict[str, float]) -> dict[str, Any]:
    """Return what a habit scores at a reading: the longest of its trainings that was done by then.

    Args:
        made: seconds and scores of its trainings so far, the last one for this reading.
        at: seconds of the reading.
        none: what is scored where nothing was there.
    """
    seconds, last = made[-1]
    if seconds <= OVER * at:
        return last
    in_time = [one for one in made if one[0] <= OVER * at]
    return {**(max(in_time, key=lambda one: one[0])[1] if in_time else none), "late": last}


def scored(splits: Any, answers: list[str] | None) -> dict[str, Any]:
    """Return macro-F1 and accuracy on the test rows; without answers those of the most frequent label."""
    from sklearn.metrics import accuracy_score, f1_score

    true = list(splits.test.labels)
    if answers is None:
        answers = [Counter(splits.train.labels).most_common(1)[0][0]] * len(true)
    f1 = f1_score(true, answers, average="macro", labels=sorted(set(true)), zero_division=0)
    return {"macro_f1": float(f1), "accuracy": float(accuracy_score(true, answers))}


def cells(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return all cells that were asked for, those that are missing run; contestants take turns within a case."""
    known = table.recorded("search")
    found = []
    for seed in asked.seeds:
        for case in asked.cases:
            for who in asked.only:
                facts = {"case": case, "seed": seed, "who": who, "minutes": asked.minutes, "rows": asked.rows}
                cell = next((row for row in known if facts.items() <= row.items()), None)
                if cell is None and not asked.show:
                    run = theirs if who in THEIRS else ours
                    cell = table.record("search", **facts, **run(who, case, seed, asked))
                    print(json.dumps(cell, ensure_ascii=False), flush=True)
                found += [cell] if cell else []
    return found


def ranked(
    found: list[dict[str, Any]], at: float, among: Sequence[str] = RANKED
) -> dict[str, list[tuple[float, float, str]]]:
    """Return each contestant's (rank, macro-F1, case and seed) at a reading, over cases that all of them have."""
    tables: dict[tuple[str, int], dict[str, float]] = {}
    for cell in found:
        for reading in cell["readings"]:
            if reading["at"] == at and cell["who"] in among:
                tables.setdefault((cell["case"], cell["seed"]), {})[cell["who"]] = reading["macro_f1"]
    everyone = {who for one in tables.values() for who in one}
    told: dict[str, list[tuple[float, float, str]]] = {}
    for (case, seed), scores in tables.items():
        if set(scores) != everyone:
            continue
        for who, score in scores.items():
            above = sum(other > score for other in scores.values())
            level = sum(other == score for other in scores.values())
            told.setdefault(who, []).append((above + (level + 1) / 2, score, f"{case} {seed}"))
    return told


def show(found: list[dict[str, Any]], minutes: float) -> None:
    """Print ranks and means at every reading, the cases that are lost, and what was wanted last."""
    best_rank: list[bool] = []
    ends: dict[str, float] = {}
    compared: set[str] = set()
    for at in readings(minutes):
        told = ranked(found, at)
        if "haoqi" not in told or len(told) < 2:
            continue
        print(f"\nat {at:g} s, {len(told['haoqi'])} runs each")
        lines = _means(told)
        mine = next(line["rank"] for line in lines if line["who"] == "haoqi")
        best_rank.append(all(line["rank"] > mine for line in lines if line["who"] != "haoqi"))
        _losses(told)
        if at == minutes * 60:
            ends = {line["who"]: line["macro_f1"] for line in lines}
            compared = {name for _, _, name in told["haoqi"]}
    for cell in found:
        if cell["seconds"] > OVER * minutes * 60:
            print(f"over its time: {cell['who']}, {cell['case']} {cell['seed']}, {cell['seconds']:.0f} s")
    if "haoqi" not in ends:
        return
    peer = max((who for who in ends if who != "haoqi"), key=lambda who: ends[who])
    half = _mean_at(found, "haoqi", minutes * 30, compared)
    print(f"\nbest mean rank at every reading: {'yes' if all(best_rank) else 'no'} (wanted yes)")
    print(f"macro-F1 over the best single peer, {peer}: {ends['haoqi'] - ends[peer]:+.4f} (wanted 0.01)")
    if half is not None:
        print(f"after half the time: {half - ends[peer]:+.4f} against its whole time (or else wanted at least 0)")


def show_within(found: list[dict[str, Any]], minutes: float) -> None:
    """Print what is left of the ranks where all have Haoqi's opening, test and last fit: the choice of plans."""
    for at in readings(minutes):
        told = ranked(found, at, WITHIN)
        if "haoqi" in told and len(told) > 1:
            print(f"\nthe choice of plans alone, at {at:g} s, {len(told['haoqi'])} runs each")
            _means(told)


def _means(told: dict[str, list[tuple[float, float, str]]]) -> list[dict[str, Any]]:
    """Print each contestant's mean rank and score, the best rank first, and return them."""
    lines: list[dict[str, Any]] = [
        {
            "who": who,
            "rank": float(np.mean([r for r, _, _ in one])),
            "macro_f1": float(np.mean([s for _, s, _ in one])),
        }
        for who, one in told.items()
    ]
    lines.sort(key=lambda line: float(line["rank"]))
    table.show(lines, ["who", "rank", "macro_f1"])
    return lines


def _losses(told: dict[str, list[tuple[float, float, str]]]) -> None:
    """Print the cases in which another is better."""
    for place, (_, mine, name) in enumerate(told["haoqi"]):
        best = max((who for who in told if who != "haoqi"), key=lambda who: told[who][place][1])
        if told[best][place][1] > mine:
            print(f"  lost: {name}, {mine:.4f} to {best}'s {told[best][place][1]:.4f}")


def _mean_at(found: list[dict[str, Any]], who: str, at: float, names: set[str]) -> float | None:
    mine = [cell for cell in found if cell["who"] == who and f"{cell['case']} {cell['seed']}" in names]
    scores = [one["macro_f1"] for cell in mine for one in cell["readings"] if one["at"] == at]
    return float(np.mean(scores)) if scores else None


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", default=list(USUAL), choices=list(cases.CASES))
    parser.add_argument("--only", nargs="*", default=list(RANKED), choices=[*OURS, *PLAIN, *THEIRS], help="contestants")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--rows", type=int, help="of each case; as bench/cases.py has them where not said")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers-python", default=sys.executable, help="a Python that has SetFit")
    parser.add_argument("--show", action="store_true", help="print what is there and run nothing")
    asked = parser.parse_args()
    for who in [who for who in asked.only if not asked.show and not apart.available(who, asked.peers_python)]:
        print(f"{who} is left out: {asked.peers_python} has not its library; see bench/peers/apart.py")
        asked.only.remove(who)
    found = cells(asked)
    rows = [
        {"case": cell["case"], "seed": cell["seed"], "who": cell["who"], "seconds": cell["seconds"], **_read(cell)}
        for cell in found
    ]
    print()
    times = [f"{at:g} s" for at in sorted({*readings(asked.minutes), asked.minutes * 30})]
    table.show(rows, ["case", "seed", "who", *times, "seconds", "plan"])
    show(found, asked.minutes)
    show_within(found, asked.minutes)


def _read(cell: dict[str, Any]) -> dict[str, Any]:
    scores = {f"{one['at']:g} s": one["macro_f1"] for one in cell["readings"]}
    return {**scores, "plan": cell["readings"][-1]["plan"]}


if __name__ == "__main__":
    main()
