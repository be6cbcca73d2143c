"""Run every plan of a space on every case, and keep what it answered: a table that strategies are judged on in seconds.

    python bench/replay/gather.py                     # goes on where it was; hours on two cores, any part is of use
    python bench/replay/gather.py --cases sst2 hotels-zh --variants 2
    python bench/replay/gather.py --most-seconds 15   # those that tune a base and are believed to take longer left out
    python bench/replay/gather.py --methods full top_layers --variants 0      # at their defaults

A line holds the plan, its scores on the validation and the test split, its processor seconds per core (which other
work on the machine sways little), and its answers to the validation examples, a byte each, so that paired tests can
be made of any two plans. The first line of a case holds the right answers.
"""

import argparse
import base64
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import cases

TABLE = Path(__file__).parent / "table.jsonl"
VALID, TEST = 0.25, 0.35


def packed(labels: Any, names: tuple[str, ...]) -> str:
    """Return labels as base64 of one byte each."""
    return base64.b64encode(np.array([names.index(label) for label in labels], dtype=np.uint8).tobytes()).decode()


def recorded() -> list[dict[str, Any]]:
    """Return all lines of the table."""
    return [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()] if TABLE.exists() else []


def record(row: dict[str, Any]) -> None:
    """Append a line."""
    with TABLE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def gather(case: str, seed: int, asked: argparse.Namespace) -> None:
    """Run what is missing of one case, cheap plans first."""
    from haoqi import data, tasks
    from haoqi.data.settings import DataSettings
    from haoqi.evaluate.metric import score_answers
    from haoqi.explore.costs.plan_costs import plan_work
    from haoqi.explore.experiments.fit_job import build_job
    from haoqi.explore.experiments.training_data import sample_examples
    from haoqi.explore.scheduling.candidate_plans import candidate_plans
    from haoqi.explore.settings import ExploreSettings
    from haoqi.explore.setup.context import build_context

    done = {(row["case"], row["key"]) for row in recorded() if row["seed"] == seed}
    with tempfile.TemporaryDirectory() as place:
        source = cases.write(case, Path(place), seed)
        settings = DataSettings(str(source), valid=VALID, test=TEST)
        raw = data.read(settings)
        task, _ = tasks.resolve(None, raw)
        prepared = data.prepare(raw, task.output.read, settings, seed=seed, folder=Path(place) / "data")
        task = tasks.learn_classes(task, prepared.splits.train.labels)
        space = ExploreSettings(steps=1, variants=asked.variants, folds=0, methods=tuple(asked.methods))
        context = build_context(space, task, prepared, Path(place), run="replay", seed=seed, cleaned=True)
        splits = context.splits
        # Most plans need the embeddings of all texts: they are paid for once, by whichever plan comes first.
        begun = time.process_time()
        for base in context.bases.values():
            context.store.embeddings(base, [*splits.train.texts, *splits.valid.texts])
        embedding = (time.process_time() - begun) / (os.cpu_count() or 1)
        for base in context.bases.values():
            context.store.embeddings(base, splits.test.texts)
        if (case, "case") not in done:
            lengths = context.lengths.of(next(iter(context.bases), None))
            facts = {"rows": len(splits.train), "labels": len(task.labels), "tokens": sum(lengths) / len(lengths)}
            facts |= {"unspaced": context.lengths.unspaced, "embedding_seconds": embedding}
            truth = {part: packed(getattr(splits, part).labels, task.labels) for part in ("valid", "test")}
            record({"case": case, "seed": seed, "key": "case", **facts, "bases": list(context.bases), **truth})
        for plan in sorted(candidate_plans(context), key=lambda plan: (plan_work(plan, context), plan.key)):
            method = context.method(plan)
            tunes = method.uses_base and method.stochastic
            if (case, plan.key) in done or (tunes and plan_work(plan, context) > asked.most_seconds):
                continue
            begun = time.process_time()
            row: dict[str, Any] = {"case": case, "seed": seed, "key": plan.key, "plan": asdict(plan)}
            try:
                job = build_job(plan, context, sample_examples(splits.train, plan, context), valid=splits.valid)
                predictor = method.fit(job)
                scores = predictor.scores(splits.valid)
                seconds = (time.process_time() - begun) / (os.cpu_count() or 1)
                fitted = task.output.calibrate(scores, splits.valid, task.metric)
                answers = task.output.decode(scores, splits.valid, **fitted).labels
                tested = task.output.decode(predictor.scores(splits.test), splits.test, **fitted).labels
                row |= {
                    "score": score_answers(task.metric, splits.valid.labels, answers, task.labels),
                    "test": score_answers(task.metric, splits.test.labels, tested, task.labels),
                    "seconds": seconds,
                    "answers": packed(answers, task.labels),
                }
            except Exception as error:  # a plan that fails is an outcome
                row |= {"score": None, "error": str(error)[:200], "seconds": time.process_time() - begun}
            record(row)
            print(case, plan.words(), row["score"], f"{row['seconds']:.1f} s", flush=True)


def main() -> None:
    """Gather case after case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", default=list(cases.CASES), choices=list(cases.CASES))
    parser.add_argument("--methods", nargs="*", default=[], help="only these")
    parser.add_argument("--variants", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most-seconds", type=float, default=float("inf"))
    asked = parser.parse_args()
    for case in asked.cases:
        gather(case, asked.seed, asked)


if __name__ == "__main__":
    main()
