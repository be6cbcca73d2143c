"""What a champion owes to having been chosen is about what it would lose on other examples."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from haoqi.core import seeds
from haoqi.core.ledger import Ledger
from haoqi.evaluate.metrics import metrics
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.promotion.selection_bias import champion_selection_bias, selection_bias
from haoqi.explore.record import artifacts
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.setup.artifact_paths import experiment_folder

COUNT = 300


class Bench:
    """Plans that are all right with the same chance, of which one became champion."""

    def __init__(self, folder: Path, ledger: Ledger, seed: int) -> None:
        task = SimpleNamespace(metric=metrics.build("accuracy"))
        self.context: Any = SimpleNamespace(
            folder=folder, task=task, generator=lambda *purpose: seeds.generator(seed, *purpose)
        )
        self.history = History(ledger, f"run {seed}")
        self.rng = np.random.default_rng(seed)

    def run(self, plan: Plan, right: float = 0.8) -> Experiment:
        found = (self.rng.random(COUNT) < right).astype(float)
        folder = experiment_folder(plan, self.context)
        folder.mkdir(parents=True)
        artifacts.write_statistics(folder, csr_array(np.stack([found, np.ones(COUNT)], axis=1)))
        return self.history.add(Experiment(plan, score=float(found.mean())), spent=0.0)

    def crown(self, one: Experiment) -> None:
        self.history.judge(Verdict(one.number, "crowned", one.number, one.score), spent=0.0)


def test_the_luckiest_of_equal_plans_is_flattered_by_as_much_as_it_leads(tmp_path: Path) -> None:
    ledger = Ledger("sqlite://")
    off, owed = [], []
    for seed in range(12):
        bench = Bench(tmp_path / str(seed), ledger, seed)
        tried = [bench.run(Plan.of("full", settings={"epochs": number})) for number in range(8)]
        best = max(tried, key=lambda one: one.score or 0.0)
        bench.crown(best)
        off.append((best.score or 0.0) - 0.8)
        owed.append(champion_selection_bias(bench.history, bench.context))
    assert np.mean(off) > 0.02
    assert np.mean(owed) == pytest.approx(np.mean(off), rel=0.35)


def test_who_was_alone_is_not_flattered_and_who_is_behind_others_is_less(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Ledger("sqlite://"), 1)
    assert champion_selection_bias(bench.history, bench.context) == 0.0
    bench.crown(bench.run(Plan("knn")))
    assert champion_selection_bias(bench.history, bench.context) == 0.0
    tried = [bench.run(Plan.of("full", settings={"epochs": number})) for number in range(6)]
    order = sorted(tried, key=lambda one: one.score or 0.0)
    owed = []
    for one in (order[-1], order[-2], order[0]):
        bench.crown(one)
        owed.append(champion_selection_bias(bench.history, bench.context))
    assert owed[0] > owed[1] > owed[2] == 0.0


def test_seeds_of_a_plan_are_no_other_plans(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Ledger("sqlite://"), 2)
    first = bench.run(Plan("full"))
    again = [bench.run(Plan("full", seed=seed)) for seed in (1, 2)]
    assert selection_bias(first, [first, *again], bench.context, "court") == 0.0
    other = bench.run(Plan("lora"))
    assert selection_bias(again[0], [first, *again, other], bench.context, "court") == selection_bias(
        first, [first, other], bench.context, "court"
    )
