"""What plans were believed to cost against what they took, on six data sets and with every method.

    python bench/costs.py               # measures what is not recorded yet (ten minutes), then evaluates
    python bench/costs.py --fit         # writes haoqi/explore/costs/throughput.json from what was measured here
    python bench/costs.py --again       # measures anew, as after a change of the engine
    python bench/costs.py --quick       # a few tiny plans, to see that it works; kept apart in results/raw

Each run is a process of its own, with an empty store of features and plans one after another, as in a search.
Evaluated are two beliefs about each plan, both from rates that were fitted without the data set at hand: cold, from
these rates alone, and in the run, after the plans before it have shown the speed. The machine should be quiet.
"""

import argparse
import hashlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import table

ROOT = Path(__file__).parent.parent
ENGINE = (
    "models",
    "train",
    "methods",
    "tasks",
    "evaluate",
    "explore/experiments/run_experiment.py",
    "explore/experiments/cross_validation.py",
)
LIMIT_SECONDS = 60.0
WITHIN = 0.25

# First guesses on the two-core machine, in seconds per unit of `haoqi.methods.work.Load`; measuring corrects them.
GUESS = {
    "plans": 0.08, "fits": 0.008, "loads": 0.15, "loaded": 0.003, "copied": 0.001, "pieces": 1.2, "aligned": 8.0,
    "forward": 0.01, "training": 0.01, "steps": 0.006, "updated": 0.0009, "ngrams": 0.1, "sparse": 0.2,
    "dense": 0.004, "rounds": 0.7, "compared": 0.015, "described": 60.0, "chained": 2.0, "found": 5.0, "saved": 0.012,
    "answered": 0.02, "cells": 1.0, "tagged": 12.0, "scipy": 0.4, "pandas": 0.4, "sklearn": 1.3, "transformers": 4.0,
}  # fmt: skip
# Standard deviations of the logarithm, of a guess and of what a method takes beyond its kinds of work.
GUESS_DOUBT, METHOD_DOUBT, LEAST_DOUBT = 1.0, 0.15, 0.1
NOISE = 0.12

Planned = tuple[str, dict[str, Any], float]


@dataclass(frozen=True)
class Course:
    """Plans that are run one after another on one data set."""

    data: str
    base: str
    rows: int
    judged: int
    plans: tuple[Planned, ...]
    folds: int = 0


def plan(method: str, share: float = 1.0, **settings: Any) -> Planned:
    """Return a plan in short."""
    return method, settings, share


CHEAP = (plan("majority"), plan("tfidf"), plan("logistic"))
COURSES = {
    "sst2": Course(
        "sst2", "minilm", 900, 400,
        (*CHEAP, plan("zero_shot"), plan("probe"), plan("knn"), plan("blend"), plan("tfidf", features="characters"),
         plan("full", epochs=1), plan("top_layers", epochs=2), plan("lora", epochs=1),
         plan("setfit", share=0.5, epochs=1),
         plan("top_layers", epochs=3, learning_rate=0.001)),
    ),
    "sst2-words": Course(
        "sst2", "minilm", 4000, 800,
        (plan("tfidf"), plan("tfidf", features="both"), plan("logistic"), plan("tfidf", strength=20.0),
         plan("majority")),
    ),
    "sst2-folds": Course(
        "sst2", "minilm", 240, 60,
        (*CHEAP, plan("probe"), plan("knn"), plan("blend"), plan("full", epochs=1), plan("top_layers", epochs=1)), 5,
    ),
    "ag_news": Course(
        "ag_news", "minilm", 800, 300,
        (*CHEAP, plan("blend"), plan("probe"), plan("knn"), plan("zero_shot"), plan("full", share=1 / 3, epochs=1),
         plan("top_layers", share=1 / 3, epochs=2), plan("lora", share=0.25, epochs=1),
         plan("setfit", share=0.25, epochs=1)),
    ),
    "bbc-news": Course(
        "bbc-news", "minilm", 300, 150,
        (*CHEAP, plan("knn"), plan("probe"), plan("blend"), plan("tfidf", features="both"),
         plan("top_layers", share=0.4, epochs=1), plan("full", share=0.2, epochs=1)),
    ),
    "zh-reviews": Course(
        "zh-reviews", "multilingual", 500, 250,
        (*CHEAP, plan("probe"), plan("zero_shot"), plan("blend"), plan("knn"), plan("tfidf", features="characters"),
         plan("top_layers", share=0.5, epochs=2), plan("full", share=0.3, epochs=1),
         plan("setfit", share=0.25, epochs=1)),
    ),
    "clinc150": Course(
        "clinc150", "minilm", 3000, 1000,
        (*CHEAP, plan("zero_shot"), plan("knn"), plan("probe"), plan("probe", strength=0.01),
         plan("blend", most_read=1500), plan("full", share=1 / 3, epochs=1), plan("lora", share=1 / 3, epochs=1),
         plan("setfit", share=1 / 3, epochs=1)),
    ),
    "conll2003": Course(
        "conll2003", "minilm", 1200, 500,
        (plan("majority"), plan("crf", epochs=5), plan("crf"), plan("full", epochs=1), plan("top_layers", epochs=2),
         plan("lora", share=0.5, epochs=1), plan("full", share=1 / 3, epochs=2)),
    ),
}  # fmt: skip
QUICK = {
    "quick-sst2": Course("sst2", "minilm", 60, 30, (*CHEAP, plan("probe"), plan("knn"), plan("full", epochs=1))),
    "quick-conll2003": Course("conll2003", "minilm", 30, 10, (plan("majority"), plan("crf", epochs=1))),
}


def measure(name: str, into: str) -> None:
    """Run the plans of a course one after another, and record each in a table as it ends."""
    from haoqi.explore.costs.cost_model import CostModel
    from haoqi.explore.costs.plan_costs import plan_trial, plan_work
    from haoqi.explore.experiments import run_experiment
    from haoqi.explore.plans.plan import Experiment, Plan
    from haoqi.explore.plans.proposal import Belief, Proposal
    from haoqi.explore.plans.reason import Reason
    from haoqi.explore.setup.imported_libraries import find_not_imported

    course = (COURSES | QUICK)[name]
    begun = f"{name} {time.time():.0f}"
    done: list[Experiment] = []
    with tempfile.TemporaryDirectory() as folder:
        context = lab_of(course, Path(folder))
        for number, (method, settings, share) in enumerate(course.plans):
            base = course.base if context.makers[method].uses_base else None
            wanted = Plan.of(method, base, settings, share=share)
            new = sorted(find_not_imported())
            cost = CostModel.of(context, done, timed=True).cost(wanted).within(LIMIT_SECONDS)
            belief, work = Belief(None, 0.0, cost.seconds), plan_work(wanted, context)
            step = Proposal(wanted, Reason("measured"), "explore", belief, work, LIMIT_SECONDS)
            experiment = run_experiment.run(step, context)
            if experiment.score is None:
                raise SystemExit(f"{wanted.words()} failed: {experiment.failure()}")
            done.append(experiment)
            trials = plan_trial(wanted, context)
            found = table.record(
                into,
                name=name,
                begun=begun,
                number=number,
                of=len(course.plans),
                data=course.data,
                plan=asdict(wanted),
                words=wanted.words(),
                size=asdict(trials.size),
                rows=trials.rows,
                folds=trials.folds,
                new=new,
                believed=round(cost.seconds, 3),
                seconds=round(experiment.seconds, 3),
                cut=experiment.cut,
                code=code(),
                speeds=speeds(context.hardware),
            )
            told = f"{found['words']}: believed {found['believed']:.1f} s, took {found['seconds']:.1f} s"
            print(f"{name} {number + 1}/{len(course.plans)}  {told}", flush=True)


def lab_of(course: Course, folder: Path) -> Any:
    """Return the context of a course, its rows drawn by a fixed shuffle."""
    from haoqi.core import hardware
    from haoqi.core.folder import cache
    from haoqi.data.examples import Examples, Splits
    from haoqi.explore.settings import ExploreSettings
    from haoqi.explore.setup.context import SearchContext
    from haoqi.explore.setup.text_lengths import measure_lengths
    from haoqi.models.bases import resolve

    task, examples = read(course.data)
    order = np.random.default_rng(0).permutation(len(examples))
    train, judged = order[: course.rows], order[course.rows : course.rows + course.judged]
    bases = {course.base: resolve(course.base, cache())}
    splits = Splits(examples.take(train), examples.take(judged), Examples.of([]))
    return SearchContext(
        task=task,
        splits=splits,
        bases=bases,
        settings=ExploreSettings(folds=course.folds),
        hardware=hardware.probe(cache()),
        folder=folder,
        run="bench",
        lengths=measure_lengths(splits.train.texts, bases),
    )


def read(data: str) -> tuple[Any, Any]:
    """Return the task of a data set, and its labelled examples."""
    from haoqi import data as room
    from haoqi import tasks
    from haoqi.data.examples import Examples
    from haoqi.data.preparing.labelled import labelled
    from haoqi.data.settings import DataSettings

    folder, name = table.DATA / data, "entities" if data == "conll2003" else "classification"
    task = tasks.build(name, ())
    if data == "sst2":
        lines = (folder / "train.tsv").read_text(encoding="utf-8").splitlines()
        pairs = [line.rpartition("\t")[::2] for line in lines]
    elif data == "ag_news":
        rows = json.loads((folder / "agnews_train.json").read_text(encoding="utf-8"))
        pairs = [(row["sentence"], row["label"]) for row in rows]
    elif data == "clinc150":
        pairs = json.loads((folder / "data_oos_plus.json").read_text(encoding="utf-8"))["train"]
    else:
        settings = DataSettings(str(folder) if data == "conll2003" else data)
        examples = labelled(room.read(settings), task.output.read, settings)
        return tasks.learn_classes(task, examples.labels), examples
    examples = Examples.of([text for text, _ in pairs], [str(label) for _, label in pairs])
    return tasks.learn_classes(task, examples.labels), examples


def code() -> str:
    """Return a name for the code whose speed is measured."""
    files = [path for part in ENGINE for path in _files(ROOT / "haoqi" / part)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:10]


def speeds(machine: Any) -> dict[str, float]:
    """Return what a machine's rates go by."""
    return {name: round(getattr(machine, name), 1) for name in ("fp32_gflops", "bf16_gflops", "text_speed")}


def _files(path: Path) -> Iterator[Path]:
    yield from path.rglob("*.py") if path.is_dir() else [path]


def whole(cells: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the latest whole run of each course on such a machine, by its name."""
    import torch

    runs: dict[str, list[dict[str, Any]]] = {}
    here = (torch.get_num_threads(), torch.__version__)
    for cell in cells:
        if (cell["cores"], cell["torch"]) == here:
            runs.setdefault(cell["begun"], []).append(cell)
    return {run[0]["name"]: run for run in runs.values() if len(run) == run[0]["of"]}


@dataclass(frozen=True)
class Told:
    """One plan that was measured, in its place in a run."""

    cell: dict[str, Any]
    measured: Any
    """A `haoqi.explore.costs.throughput.Measured`."""


def replayed(run: Sequence[dict[str, Any]]) -> list[Told]:
    """Return what each plan of a run did, by what its method says now."""
    from haoqi.explore.costs.throughput import MeasuredPlan
    from haoqi.explore.costs.workload import StoredFeatures, Trial, features_after, import_load, plan_load
    from haoqi.explore.plans.plan import Plan
    from haoqi.methods.method import methods
    from haoqi.methods.work import Size

    kept, found = StoredFeatures(), []
    for cell in run:
        done = Plan.from_plain(cell["plan"])
        size = Size(**{**cell["size"], "lengths": tuple(cell["size"]["lengths"])})
        work, trial = methods.build(done.method, **done.varied).work(size), Trial(size, cell["rows"], cell["folds"])
        load = plan_load(work, trial, kept) + import_load(work, set(cell["new"]))
        if done.base:
            kept = features_after(kept, work, trial)
        found.append(Told(cell, MeasuredPlan(done.method, load, cell["seconds"])))
    return found


def fitted(told: Sequence[Told]) -> Any:
    """Return the table of rates that explains what was measured best, starting from the guesses above."""
    from haoqi.explore.costs.throughput import Throughput
    from haoqi.methods.work import KINDS

    seen = [one.measured for one in told if not one.cell["cut"]]
    used = sorted({one.method for one in seen})
    names = (*KINDS, "machine", *used)
    logs = np.array([math.log(GUESS[name]) if name in GUESS else 0.0 for name in names])
    doubts = [GUESS_DOUBT if name in GUESS else METHOD_DOUBT for name in names]
    doubts[names.index("machine")] = 1e-3  # this is the machine of the table
    rates = Throughput(names, logs, np.diag(np.square(doubts)), NOISE).learnt(seen)
    off = [math.log(one.seconds / rates.cost(one.load, one.method).seconds) for one in seen if one.seconds > 0.5]
    spread = 1.48 * statistics.median(map(abs, off)) if off else NOISE
    plain = replace(rates, noise=min(0.3, max(0.08, spread))).to_plain()
    plain["kinds"] = {name: [rate, max(doubt, LEAST_DOUBT)] for name, (rate, doubt) in plain["kinds"].items()}
    return plain


def fit(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Write the table that is shipped."""
    from haoqi.core.folder import write_atomic
    from haoqi.explore.costs.throughput import TABLE

    told = [one for run in runs.values() for one in replayed(run)]
    if not told:
        raise SystemExit("nothing was measured here yet: python bench/costs.py")
    machine = {name: max(one.cell["speeds"][name] for one in told) for name in told[0].cell["speeds"]}
    plain = {"machine": machine, **fitted(told)}
    write_atomic(TABLE, spelt(plain))
    print(f"wrote {TABLE.relative_to(ROOT)} from {len(told)} plans of {len(runs)} runs")


def spelt(plain: dict[str, Any]) -> str:
    """Return a table as JSON, a line for each rate."""
    return json.dumps(plain, indent=1).replace("[\n   ", "[").replace(",\n   ", ", ").replace("\n  ]", "]") + "\n"


def evaluate(runs: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return each plan with what was believed of it, from rates that were fitted on the other data sets."""
    from haoqi.explore.costs.throughput import Throughput, reference_throughput

    told = {name: replayed(run) for name, run in runs.items()}
    rows = []
    for name, run in told.items():
        others = [one for other in told.values() for one in other if one.cell["data"] != runs[name][0]["data"]]
        rates = Throughput.from_plain(fitted(others)) if others else reference_throughput()
        for number, one in enumerate(run):
            before = [earlier.measured for earlier in run[:number] if not earlier.cell["cut"]]
            cold, later = (
                known.cost(one.measured.load, one.measured.method).within(LIMIT_SECONDS).seconds
                for known in (rates, rates.learnt(before))
            )
            facts = {"run": name, "plan": one.cell["words"], "seconds": one.measured.seconds}
            rows.append({**facts, "cold": cold, "in the run": later, "believed": one.cell["believed"]})
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """Print every plan, then what the beliefs were worth."""
    table.show([{**row, **_rounded(row)} for row in rows], ["run", "plan", "seconds", "cold", "in the run", "believed"])
    for belief, what in (
        ("cold", "cold: rates of the other data sets"),
        ("in the run", "in the run: the same, after the plans before it"),
        ("believed", "believed when it ran, by the table of that time"),
    ):
        off = [row[belief] / row["seconds"] - 1 for row in rows]
        long = [one for one, row in zip(off, rows, strict=True) if row["seconds"] >= 1]
        print(f"\n{what}")
        print(f"  within {WITHIN:.0%}: {_share(off)}; of those of a second or more: {_share(long)}")
        print(f"  median error {statistics.median(map(abs, off)):.1%}; the worst:")
        for row in sorted(rows, key=lambda row: -abs(math.log(row[belief] / row["seconds"])))[:6]:
            print(f"    {row['run']}, {row['plan']}: {row[belief]:.2f} s for {row['seconds']:.2f} s")


def _share(off: Sequence[float]) -> str:
    inside = sum(abs(one) <= WITHIN for one in off)
    return f"{inside} of {len(off)} ({inside / max(1, len(off)):.0%})"


def _rounded(row: dict[str, Any]) -> dict[str, str]:
    return {name: f"{value:.2f}" for name, value in row.items() if isinstance(value, float)}


def main() -> None:
    """Measure what is missing, fit if asked to, and print what the beliefs were worth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="RUN", choices=list(COURSES), help="only these runs")
    parser.add_argument("--again", action="store_true", help="measure what is recorded, too")
    parser.add_argument("--fit", action="store_true", help="write the table of rates; measures nothing")
    parser.add_argument("--evaluate", action="store_true", help="measures nothing")
    parser.add_argument("--quick", action="store_true", help="tiny plans, to see that it works")
    parser.add_argument("--table", help="where results are kept; costs where not said")
    parser.add_argument("--course", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    into = asked.table or ("raw/costs-quick" if asked.quick else "costs")
    (table.RESULTS / into).parent.mkdir(parents=True, exist_ok=True)
    if asked.course:
        measure(asked.course, into)
        return
    wanted = QUICK if asked.quick else {name: COURSES[name] for name in asked.only or COURSES}

    def here() -> dict[str, list[dict[str, Any]]]:
        return {name: run for name, run in whole(table.recorded(into)).items() if name in wanted}

    known = {} if asked.again else here()
    for name in wanted if not (asked.fit or asked.evaluate) else ():
        if name not in known or known[name][0]["code"] != code():
            subprocess.run([sys.executable, __file__, "--table", into, "--course", name], check=True)
    runs = here()
    if older := [name for name, run in runs.items() if run[0]["code"] != code()]:
        print(f"measured before the engine's files changed: {', '.join(older)}\n")
    if asked.fit:
        fit(runs)
    if runs:
        show(evaluate(runs))


if __name__ == "__main__":
    main()
