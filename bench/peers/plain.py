"""A search as people set one up: draw a plan, run it, keep the best validation score; read like a run of Haoqi.

It has Haoqi's splits, space of plans and engine, shared features included, and none of its judgement: no opening, no
prior, no idea of what a plan takes, no paired test, no lessons, no ensemble. Random search and TPE draw plans on all
examples; shares of them are successive halving's. A training that the end comes upon has its step size come down to 0
by then, and counts where its score is there soon after, as a habit that is a little late does.
"""

import time
from pathlib import Path
from typing import Any

from peers import ours


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the best plan by each reading answers to the test texts, and the seconds of the search.

    Args:
        asked: source, settings (of a run, by name; its strategy proposes), test (texts), readings (seconds since its
            beginning), over (how many times its seconds may have passed for what is counted at a reading).
    """
    return ours.at_home(_answer, asked)


def _answer(asked: dict[str, Any], home: Path) -> dict[str, Any]:
    from haoqi.run import run_of

    run = run_of(asked["source"], compile=False, name="bench", **asked["settings"])
    begun = time.perf_counter()
    context, history = ours.opened(run)
    budget = context.settings.budget_seconds
    search(context, history, begun, budget)
    seconds = time.perf_counter() - begun
    told = []
    for at in asked["readings"]:
        until = asked["over"] * at
        best = ours.champion_at(history, until)
        if best is None:
            told.append({"at": at, "plan": None, "answers": None})
            continue
        model = ours.model_at(until, best, context, history, home / "kept")
        told.append(ours.read_at(at, best, model, context, asked["test"]))
    return {"seconds": seconds, "readings": told, **ours.facts_of(history), "lessons": []}


def search(context: Any, history: Any, begun: float, seconds: float) -> None:
    """Run what the strategy proposes until the time is spent, the best validation score being the champion.

    Args:
        context: what the experiments share.
        history: where they are kept.
        begun: when the clock began.
        seconds: how long to search.
    """
    from haoqi.core import seeds
    from haoqi.explore.experiments import run_experiment
    from haoqi.explore.plans.proposal import Belief, Proposal
    from haoqi.explore.plans.reason import Reason
    from haoqi.explore.record.history import Verdict
    from haoqi.explore.scheduling.candidate_plans import candidate_plans
    from haoqi.explore.scheduling.strategies import strategies

    strategy = strategies.build(context.settings.strategy)
    plans = [plan for plan in candidate_plans(context) if plan.share == 1.0 or context.settings.strategy == "halving"]
    while (left := seconds - (time.perf_counter() - begun)) > 0 and plans:
        rng = seeds.plain(context.seed, "strategy", len(history.experiments))
        plan = strategy.propose(plans, history.experiments, None, rng)  # type: ignore[arg-type] # these ask no outlook
        plans.remove(plan)
        step = Proposal(plan, Reason("drawn"), "explore", Belief(None, 0.0, 0.0), 0.0, left)
        ran = history.add(run_experiment.run(step, context), spent=time.perf_counter() - begun)
        best, level = history.champion, history.champion_score
        if ran.score is not None and (level is None or ran.score > level):
            verdict = Verdict(ran.number, "crowned", ran.number, ran.score)
        else:
            verdict = Verdict(ran.number, "kept" if ran.score is not None else "failed", best and best.number, level)
        history.judge(verdict, spent=time.perf_counter() - begun)
