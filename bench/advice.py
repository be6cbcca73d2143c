"""Does "label 50 more" bring what it says? Fifty rows held back are added, and the gain is held against its interval.

    python bench/advice.py --quick                # one small cell, to see that it works
    python bench/advice.py                        # all cells that are missing; in any parts
    python bench/advice.py --cases sst2 hotels-zh --sizes 150 --draws 2

A cell is a case, a number of labelled rows and a draw of them. A short search with a limit in steps ends with its
advice, made by the product's own code. Then the released plan is fitted on what the release learnt from, and again with
fifty rows more: three random draws, which is what the interval speaks of, and the fifty texts that the advice chose
among unlabelled ones. Both are scored on a large test set that nothing else has seen. The interval is an 80 % one.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cases
import numpy as np
import table

BENCH = "advice"
SIZES = (150, 400, 1000)
DRAWS = 2
POOL, TEST = 500, 3000
ADDED, TIMES = 50, 3
METHODS = ("majority", "logistic", "tfidf", "probe")
STEPS = 6


def cell(case: str, size: int, draw: int, *, methods: Sequence[str], test: int) -> dict[str, Any]:
    """Return the advice of a run and what came of it."""
    from haoqi import pipeline
    from haoqi.core.ledger import Ledger
    from haoqi.evaluate.comparison import compare
    from haoqi.explore.advice.advise import advise
    from haoqi.explore.record.history import History
    from haoqi.explore.setup.budget_clock import BudgetClock

    rows = cases.rows_of(case, draw, size + POOL + test)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        context = _lab(rows, size, Path(place), methods, draw)
        history = History(Ledger(Path(place) / "ledger.sqlite"), "advice")
        pipeline.search(context, history, BudgetClock())
        advice = advise(context, history)
        assert advice is not None
        step = advice.step("label_more")
        pool, unseen = _pools(rows, size, context)
        texts = {row.row for row in step.rows}
        chosen = [place for place, row in enumerate(pool.ids) if row in texts]
        lots = [np.random.default_rng([draw, time_]).permutation(len(pool))[:ADDED].tolist() for time_ in range(TIMES)]
        before, *after = [
            _counts(context, history, pool.take(lot), unseen) for lot in ([], *lots, *([chosen] * bool(chosen)))
        ]
        metric = context.task.metric.score
        found = [compare(one, before, metric, rng=np.random.default_rng(0)) for one in after]
    gains = [round(one.difference, 6) for one in found]
    return {
        "case": case,
        "size": size,
        "draw": draw,
        "plan": history.found().plan.words(),
        "measured_by": step.evidence["measured_by"],
        "passes": step.evidence["passes"],
        "score": round(float(metric(np.asarray(before.sum(axis=0)).ravel())), 6),
        "gain": step.gain,
        "low": step.low,
        "high": step.high,
        "realised": gains[:TIMES],
        "chosen": gains[TIMES] if chosen else None,
        "test": len(unseen),
        "test_error": round(float(np.mean([(one.high - one.low) / (2 * 1.96) for one in found[:TIMES]])), 6),
        "advice_seconds": round(advice.seconds, 1),
        "seconds": round(time.perf_counter() - begun, 1),
    }


def _lab(rows: cases.Rows, size: int, place: Path, methods: Sequence[str], seed: int) -> Any:
    """Return the context of a run whose source has labelled rows first, then unlabelled ones."""
    from haoqi import data, tasks
    from haoqi.data.settings import DataSettings
    from haoqi.explore.settings import ExploreSettings
    from haoqi.explore.setup.context import build_context

    path = place / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(rows[:size])
        writer.writerows((text, "") for text, _ in rows[size : size + POOL])
    settings = DataSettings(str(path), bad_rows=1.0, drop_rare=True)  # 400 rows of 150 labels hold some once
    raw = data.read(settings)
    task, _ = tasks.resolve("classification", raw)
    prepared = data.prepare(raw, task.output.read, settings, seed=seed, folder=place / "data")
    task = tasks.learn_classes(task, prepared.splits.train.labels)
    asked = ExploreSettings(steps=STEPS, methods=tuple(methods), variants=1, reflect=False, ensemble=False)
    return build_context(asked, task, prepared, place, run="advice", seed=seed, cleaned=True)


def _pools(rows: cases.Rows, size: int, context: Any) -> tuple[Any, Any]:
    """Return the unlabelled texts with their labels, and the test texts; labels that the run never saw are left out."""
    from haoqi.data.examples import Examples
    from haoqi.data.preparing.clean import clean

    unlabelled = context.splits.unlabelled
    labelled = replace(unlabelled, labels=[rows[row][1] for row in unlabelled.ids])
    test = [(clean(text), label) for text, label in rows[size + POOL :]]
    known = [place for place, label in enumerate(labelled.labels) if label in context.task.labels]
    seen = [(text, label) for text, label in test if label in context.task.labels]
    return labelled.take(known), Examples.of([text for text, _ in seen], [label for _, label in seen])


def _counts(context: Any, history: Any, added: Any, test: Any) -> Any:
    """Return the metric's statistics of the champion's plan on the test texts, fitted as for a release, and more."""
    from haoqi.data.examples import Examples
    from haoqi.explore.experiments.fit_job import build_job
    from haoqi.explore.experiments.training_data import training_examples

    plan, splits = history.found().plan, context.splits
    whole = Examples.join([splits.train, splits.valid]) if context.folds else splits.train
    train = training_examples(plan, context, Examples.join([whole, added]) if len(added) else whole)
    predictor = context.method(plan).fit(replace(build_job(plan, context, train), folder=None))
    answers = context.task.output.decode(predictor.scores(test), test)
    return context.task.metric.count(test, answers, context.task)


def summary(found: Sequence[Mapping[str, Any]]) -> None:
    """Print how often the realised gain lay within its interval, by case and in all."""
    rows = []
    for name in (*dict.fromkeys(row["case"] for row in found), "all"):
        mine = [row for row in found if name in ("all", row["case"])]
        gains = [(row, gain) for row in mine for gain in row["realised"]]
        told = [row["chosen"] - float(np.mean(row["realised"])) for row in mine if row["chosen"] is not None]
        rows.append(
            {
                "case": name,
                "cells": len(mine),
                "gains": len(gains),
                "within": float(np.mean([row["low"] <= gain <= row["high"] for row, gain in gains])),
                "above": float(np.mean([gain > row["high"] for row, gain in gains])),
                "expected": float(np.mean([row["gain"] for row in mine])),
                "realised": float(np.mean([gain for _, gain in gains])),
                "width": float(np.mean([row["high"] - row["low"] for row in mine])),
                "chosen_over_random": float(np.mean(told)) if told else float("nan"),
            }
        )
    table.show(rows, list(rows[0]))
    print(f"within the 80 % interval: {rows[-1]['within']:.0%} of {rows[-1]['gains']} (wanted: at least 70 %)")


def main() -> None:
    """Fill in what is missing of the table, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(cases.CASES), choices=list(cases.CASES))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--draws", type=int, default=DRAWS, help="of the rows, for each case and size")
    parser.add_argument("--quick", action="store_true", help="one small cell without a base; nothing is recorded")
    parser.add_argument("--show", action="store_true", help="print the table and run nothing")
    asked = parser.parse_args()
    if asked.quick:
        found = [cell("sst2", 200, 0, methods=METHODS[:3], test=1000)]
        table.show(found, ["case", "size", "plan", "gain", "low", "high", "realised", "chosen", "seconds"])
        summary(found)
        return
    done = {(row["case"], row["size"], row["draw"]) for row in table.recorded(BENCH)}
    for draw in range(asked.draws):
        for case in asked.cases:
            for size in asked.sizes:
                if (case, size, draw) not in done and not asked.show:
                    row = table.record(BENCH, **cell(case, size, draw, methods=METHODS, test=TEST))
                    table.show([row], ["case", "size", "draw", "plan", "gain", "low", "high", "realised", "seconds"])
    if found := table.recorded(BENCH):
        summary(found)


if __name__ == "__main__":
    main()
