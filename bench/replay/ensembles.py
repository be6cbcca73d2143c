"""Find out how far ensembles are above the best of their members on many data sets, for the prior.

    python bench/replay/ensembles.py                     # goes on where it was; about half an hour on two cores
    python bench/replay/ensembles.py --cases sst2 --seed 1

The defaults of a case are run one after the other, those on frozen features before trainings. Whenever there are
enough of them, the best by validation score and the ensemble that a run would make of all so far answer the test split.
A line holds both scores there, and the standard error of their difference; under `before`, where a training has joined,
the score of the ensemble without it and the error of that difference. The members, their weights and the best of them
were chosen by the validation split, so its scores, which are told too, flatter the best one.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import cases
from replay.gather import TEST, VALID

ROWS = Path(__file__).parent / "ensembles.jsonl"
FROZEN = ("logistic", "tfidf", "probe", "knn", "blend")
TRAINED = ("top_layers", "setfit", "full")


def recorded() -> list[dict[str, Any]]:
    """Return all lines that are there."""
    return [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()] if ROWS.exists() else []


def gather(case: str, seed: int, most_seconds: float) -> None:
    """Run one case, and record an ensemble of what needs no training, and one more for each training."""
    from haoqi import data, tasks
    from haoqi.core import seeds
    from haoqi.core.ledger import Ledger
    from haoqi.data.settings import DataSettings
    from haoqi.evaluate.comparison import compare
    from haoqi.explore.costs.plan_costs import plan_work
    from haoqi.explore.experiments import run_experiment
    from haoqi.explore.experiments.model_store import load_model
    from haoqi.explore.plans.plan import Plan
    from haoqi.explore.plans.proposal import Belief, Proposal
    from haoqi.explore.plans.reason import Reason
    from haoqi.explore.record.history import History, Verdict
    from haoqi.explore.scheduling.candidate_plans import candidate_plans
    from haoqi.explore.scheduling.ensemble_plans import compose_ensemble
    from haoqi.explore.settings import ExploreSettings
    from haoqi.explore.setup.context import build_context

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        settings = DataSettings(str(cases.write(case, place, seed)), valid=VALID, test=TEST)
        raw = data.read(settings)
        task, _ = tasks.resolve(None, raw)
        prepared = data.prepare(raw, task.output.read, settings, seed=seed, folder=place / "data")
        task = tasks.learn_classes(task, prepared.splits.train.labels)
        asked = ExploreSettings(steps=99, folds=0, methods=(*FROZEN, *TRAINED))
        context = build_context(asked, task, prepared, place, run="ensembles", seed=seed, cleaned=True)
        history = History(Ledger(place / "ledger.sqlite"), "ensembles")
        usual = {plan.method: plan for plan in candidate_plans(context) if not plan.settings and plan.share == 1.0}
        known: dict[str, Any] = {}
        before: Plan | None = None

        def tested(plan: Plan) -> Any:
            if plan.key not in known:
                model = load_model(next(e for e in history.experiments if e.plan.key == plan.key), context)
                answers = model.predict(context.splits.test)
                known[plan.key] = task.metric.count(context.splits.test, answers, task)
            return known[plan.key]

        def run(plan: Plan) -> float | None:
            step = Proposal(plan, Reason("asked"), "explore", Belief(None, 0, 0), 0.0, None)
            experiment = history.add(run_experiment.run(step, context), spent=0)
            best = history.champion
            leads = experiment.score is not None and (best is None or experiment.score > (best.score or 0.0))
            number = experiment.number if leads or best is None else best.number
            score = history.experiments[number - 1].score
            history.judge(Verdict(experiment.number, "crowned" if leads else "kept", number, score), spent=0)
            return experiment.score

        def reached(plan: Plan) -> float:
            return float(task.metric.score(np.asarray(tested(plan).sum(axis=0)).ravel()))

        def error(one: Plan, other: Plan, name: str) -> float:
            paired = compare(tested(one), tested(other), task.metric.score, rng=seeds.generator(seed, name))
            return (paired.high - paired.low) / (2 * 1.96)

        for name in (*FROZEN, *TRAINED):
            if name not in usual or (name in TRAINED and plan_work(usual[name], context) > most_seconds):
                continue
            run(usual[name])
            if name in FROZEN[:-1] or (plan := compose_ensemble(context, history)) is None:
                continue
            best, judged = history.found(), len(history.verdicts)
            score = run(plan)
            row = {"case": case, "seed": seed, "after": name, "plan": plan.words(), "best": best.plan.words()}
            found = [reached(best.plan), reached(plan)]
            row |= {"valid": [best.score, score], "test": found, "error": error(plan, best.plan, name)}
            if before is not None:
                row["before"] = [reached(before), error(plan, before, name)]
            before = plan
            # The next ensemble is to be of methods alone.
            del history.verdicts[judged:], history.experiments[-1:]
            with ROWS.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            print(json.dumps(row, ensure_ascii=False), flush=True)


def main() -> None:
    """Gather case after case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", default=list(cases.CASES), choices=list(cases.CASES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most-seconds", type=float, default=250.0, help="trainings believed to take longer left out")
    asked = parser.parse_args()
    done = {(row["case"], row["seed"]) for row in recorded()}
    for case in asked.cases:
        if (case, asked.seed) not in done:
            begun = time.perf_counter()
            gather(case, asked.seed, asked.most_seconds)
            print(f"{case}: {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
