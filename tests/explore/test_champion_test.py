"""A challenger wins by a paired test or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from haoqi.core.ledger import Ledger
from haoqi.evaluate.comparison import average
from haoqi.evaluate.metrics import metrics
from haoqi.explore.beliefs.transfer_prior import PriorBelief
from haoqi.explore.plans.plan import ENSEMBLE, Experiment, Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.promotion.champion_test import ChampionTest, alpha_left
from haoqi.explore.record.history import History

COUNT = 400


class Bench:
    """Experiments with made-up answers, right with the probability asked for."""

    def __init__(self, seed: int = 0, ledger: Ledger | None = None) -> None:
        self.history = History(ledger or Ledger("sqlite://"), f"run {seed}")
        self.right: dict[tuple[str, int], csr_array] = {}
        self.rng = np.random.default_rng(seed)
        self.hard = self.rng.random(COUNT)  # models of one kind fail on the same examples
        self.rules = ChampionTest(
            metrics.build("accuracy"),
            alpha=0.05,
            pooled=lambda experiments: average([self.right[e.plan.key, e.plan.seed] for e in experiments]),
            repeatable=lambda e: e.plan.method != "tfidf",
            seed=seed,
        )

    def run(self, plan: Plan, quality: float, noise: float = 0.1) -> str:
        right = (self.hard + noise * self.rng.standard_normal(COUNT) < quality).astype(float)
        self.right[plan.key, plan.seed] = csr_array(np.stack([right, np.ones(COUNT)], axis=1))
        experiment = self.history.add(Experiment(plan, score=float(right.mean())), spent=0.0)
        verdict = self.rules.verdict(self.history, experiment)
        self.history.judge(verdict, spent=0.0)
        return verdict.decision


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_first_that_scores_is_champion(bench: Bench) -> None:
    assert bench.run(Plan("majority"), 0.5) == "crowned"
    assert bench.history.champion == bench.history.experiments[0]


def test_a_clearly_better_challenger_is_crowned_and_a_worse_one_is_not(bench: Bench) -> None:
    bench.run(Plan("majority"), 0.5)
    assert bench.run(Plan("probe"), 0.8) == "crowned"
    assert bench.run(Plan("knn"), 0.6) == "kept"
    assert bench.history.champion == bench.history.experiments[1]


def test_a_failed_experiment_changes_nothing(bench: Bench) -> None:
    bench.run(Plan("majority"), 0.5)
    failed = bench.history.add(
        Experiment(Plan("full"), score=None, error=Reason("failed", {"reason": "out of memory"})), spent=0.0
    )
    verdict = bench.rules.verdict(bench.history, failed)
    assert (verdict.decision, verdict.champion) == ("failed", 1)


def test_the_level_of_knowledge_never_falls(bench: Bench) -> None:
    for number in range(25):
        bench.run(Plan("full", settings=(("epochs", number),)), 0.7 + 0.01 * bench.rng.standard_normal())
    scores = [verdict.score for verdict in bench.history.verdicts]
    assert scores == sorted(scores)


def test_a_close_call_is_repeated_with_seeds_but_never_for_ever(bench: Bench) -> None:
    bench.run(Plan("full"), 0.70, noise=0.05)
    decisions = []
    for seed in range(4):
        decisions.append(bench.run(Plan("lora", seed=seed), 0.712, noise=0.05))
        if decisions[-1] != "close":
            break
    assert decisions[-1] in ("crowned", "kept")
    assert len(decisions) <= 3


def test_a_method_without_chance_is_not_repeated(bench: Bench) -> None:
    bench.run(Plan("majority"), 0.70, noise=0.05)
    assert bench.run(Plan("tfidf"), 0.71, noise=0.05) in ("kept", "crowned")


def test_copies_of_one_method_are_seldom_crowned() -> None:
    crowned, ledger = 0, Ledger("sqlite://")
    for trial in range(100):
        bench = Bench(trial, ledger)
        bench.run(Plan("full"), 0.8)
        decision = bench.run(Plan("full", settings=(("copy", 1),)), 0.8)
        seed = 1
        while decision == "close":
            decision = bench.run(Plan("full", settings=(("copy", 1),), seed=seed), 0.8)
            seed += 1
        crowned += decision == "crowned"
    assert crowned <= 5


def knowing(bench: Bench, mean: float) -> Bench:
    bench.rules = replace(
        bench.rules, lead=lambda one, other: PriorBelief(mean, 0.2) if one.method != other.method else None
    )
    return bench


def test_what_other_data_sets_know_decides_where_the_examples_leave_it_open() -> None:
    alone, told = Bench(3), knowing(Bench(3), 0.4)
    for bench in (alone, told):
        bench.run(Plan("knn"), 0.78)
        bench.run(Plan("probe"), 0.785, noise=0.02)
    left, crowned = alone.history.verdicts[-1], told.history.verdicts[-1]
    assert left.decision in ("kept", "close")
    assert left.chance_better is None
    assert crowned.decision == "crowned"
    assert crowned.chance_better is not None
    assert (crowned.difference, crowned.p_value) == (left.difference, left.p_value)
    assert (left.difference or 0.0) > 0
    assert (left.p_value or 0.0) > 0.05
    assert crowned.chance_better >= 1 - told.rules.alpha
    # It was not proven on the examples, so its stake is gone.
    assert alpha_left(told.history, told.rules.alpha) == alpha_left(alone.history, alone.rules.alpha) < told.rules.alpha


def test_cross_dataset_evidence_crowns_nobody_who_is_behind_and_no_variation_of_the_champion() -> None:
    bench = knowing(Bench(3), 2.0)
    bench.run(Plan("knn"), 0.80)
    assert bench.run(Plan("probe"), 0.78) == "kept"
    bench.run(Plan("knn", settings=(("neighbours", 3),)), 0.805, noise=0.02)
    assert bench.history.verdicts[-1].chance_better is None


def asked_together(seed: int, *, bias: float, quality: float = 0.798) -> Bench:
    """Return a bench whose last challenger is an ensemble that is level with, or behind, a champion that was chosen."""
    bench = Bench(seed)
    known = PriorBelief(0.08, 0.05)
    bench.rules = replace(
        bench.rules,
        lead=lambda one, other: known if one.method == ENSEMBLE else None,
        selection_bias=lambda history: bias,
    )
    bench.run(Plan("probe"), 0.80)
    ensemble = Plan.of(ENSEMBLE, None, {"weights": (0.5, 0.5)}, made_of=(Plan("probe"), Plan("knn")))
    bench.run(ensemble, quality, noise=0.02)
    return bench


def test_an_ensemble_is_held_against_what_the_champion_scores_less_what_it_owes_to_being_chosen() -> None:
    flattering, plain = (asked_together(5, bias=off).history for off in (0.02, 0.0))
    crowned, kept = flattering.verdicts[-1], plain.verdicts[-1]
    assert (crowned.difference or 0.0) <= 0 and crowned.difference == kept.difference
    assert (crowned.decision, crowned.champion, crowned.selection_bias) == ("crowned", 2, 0.02)
    assert (crowned.chance_better or 0.0) >= 0.8
    assert (kept.decision, kept.champion, kept.chance_better, kept.selection_bias) == ("kept", 1, None, None)
    assert asked_together(5, bias=0.02, quality=0.74).history.verdicts[-1].decision == "kept"
    # One that does not even look better was put to no test, and costs nothing.
    assert alpha_left(flattering, 0.05) == 0.05
