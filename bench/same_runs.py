"""Whether two builds make the same runs: plans, scores, verdicts, lessons and answers of searches with fixed steps.

Before a change of the code that is to change no result:

    python bench/same_runs.py record before.json

and after it, with the new code:

    python bench/same_runs.py compare before.json

`--code FOLDER` runs the Haoqi of another checkout. Six data sets, two outputs, cross-validated and not; some
twenty minutes on two cores.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
STEPS = "10"
ASKED = 60


@dataclass(frozen=True)
class Case:
    """A run: what it learns from, and the flags that make it small."""

    source: str
    flags: tuple[str, ...] = ()


CASES = {
    "sst2": Case("sst2", ("--limit", "900")),
    "ag_news": Case("ag_news/agnews_train.json", ("--limit", "1200", "--valid", "0.25")),
    "hotels": Case("chnsenticorp_htl/ChnSentiCorp_htl_all.csv", ("--limit", "900", "--valid", "0.3")),
    "tnews": Case("fewclue_tnews/train_0.json"),
    "conll2003": Case("conll2003/eng.testa", ("--limit", "500", "--folds", "0")),
    "cluener": Case("cluener/train.json", ("--limit", "300", "--folds", "3")),
}


def main() -> None:
    """Record the runs, or compare them with those recorded."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("what", choices=("record", "compare"))
    asked.add_argument("file", type=Path)
    asked.add_argument("--code", type=Path, default=Path(__file__).resolve().parents[1])
    asked.add_argument("--only", nargs="*", default=list(CASES))
    given = asked.parse_args()
    before = json.loads(given.file.read_text()) if given.file.exists() else {}
    differences = 0
    for name in given.only:
        found = run(CASES[name], given.code.resolve())
        if given.what == "record":
            before[name] = found
            given.file.write_text(json.dumps(before, ensure_ascii=False, indent=1))
            print(f"{name}: {len(found['experiments'])} experiments, {len(found['answers'])} answers", flush=True)
            continue
        told = list(differ(before[name], found))
        differences += len(told)
        print(f"{name}: {'the same' if not told else ''}", *told, sep="\n  ", flush=True)
    sys.exit(differences > 0)


def run(case: Case, code: Path) -> dict[str, Any]:
    """Return what one run did, and what its release answers to the first texts of its source."""
    with tempfile.TemporaryDirectory() as home:
        cache = os.environ.get("HAOQI_CACHE", "")
        env = {**os.environ, "HAOQI_HOME": home, "PYTHONPATH": str(code), "OMP_NUM_THREADS": "2"}
        env |= {"HAOQI_CACHE": cache} if cache else {}
        haoqi = [sys.executable, "-m", "haoqi"]
        flags = ("--steps", STEPS, "--seed", "1", "--name", "same", "--no-compile", "--advice-seconds", "0")
        made = [*haoqi, "improve", str(DATA / case.source), *flags, *case.flags, "--json"]
        subprocess.run(made, check=True, env=env, cwd=home, stdout=subprocess.DEVNULL)
        ledger = next(Path(home).rglob("ledger.sqlite"))
        rows = sqlite3.connect(ledger).execute("select kind, body from haoqi_entries order by number").fetchall()
        entries = [(kind, json.loads(body)) for kind, body in rows]
        texts = asked_of(next(Path(home).rglob("data"), Path(home)))
        told = [*haoqi, "predict", "same", "--json", "-"]
        said = subprocess.run(told, check=True, env=env, cwd=home, input=texts, capture_output=True, text=True)
        return {
            "experiments": [experiment(body) for kind, body in entries if kind == "experiment"],
            "verdicts": [verdict(body) for kind, body in entries if kind == "verdict"],
            "lessons": [body.get("reflection") for kind, body in entries if kind == "lesson"],
            "answers": [json.loads(line) for line in said.stdout.splitlines()],
        }


def asked_of(folder: Path) -> str:
    """Return texts of the prepared test split, a line each."""
    import pandas

    found: list[str] = []
    for path in sorted(folder.rglob("*.parquet")):
        frame = pandas.read_parquet(path)
        found += [" ".join(str(text).split()) for text in frame["text"].head(ASKED)]
    return "\n".join(found[:ASKED]) + "\n"


def experiment(body: dict[str, Any]) -> dict[str, Any]:
    """Return what must not change of an experiment."""
    plan = body["plan"]
    kept = {name: plan.get(name) for name in ("method", "base", "settings", "share", "seed", "recipe")}
    return {"plan": kept, "score": body["score"], "role": body["role"], "scores": body["scores"]}


def verdict(body: dict[str, Any]) -> dict[str, Any]:
    """Return what must not change of a verdict."""
    return {name: body[name] for name in ("experiment", "decision", "champion", "score", "p_value")}


def differ(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return a line for each place in which two runs differ."""
    lines = []
    for name, old in before.items():
        new = after[name]
        if len(old) != len(new):
            lines.append(f"{name}: {len(old)} before, {len(new)} now")
        for place, (one, other) in enumerate(zip(old, new, strict=False), start=1):
            if one != other:
                lines.append(f"{name} {place}: {json.dumps(one, ensure_ascii=False)[:300]}")
                lines.append(f"{' ' * len(name)} now: {json.dumps(other, ensure_ascii=False)[:300]}")
    return lines


if __name__ == "__main__":
    main()
