"""Strategies judged on a made-up table of experiments, by the bench that judges them on a real one."""

import base64
import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from haoqi.explore.beliefs.transfer_prior import Features, load_prior
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.search_space import list_plans
from haoqi.explore.settings import ExploreSettings
from haoqi.methods.method import methods

BENCH = Path(__file__).parents[2] / "bench"
# Method: how good it is in log-odds, and its seconds.
WORLD = {
    "majority": (-2.0, 0.2), "logistic": (0.0, 1.0), "tfidf": (0.1, 2.0), "knn": (0.1, 1.0), "probe": (0.5, 1.5),
    "blend": (0.6, 4.0), "lora": (0.8, 30.0), "full": (0.9, 60.0), "top_layers": (0.7, 20.0),
}  # fmt: skip


def bench(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def priors() -> ModuleType:
    return bench("prior", BENCH / "prior.py")


@pytest.fixture(scope="module")
def judge(priors: ModuleType) -> ModuleType:
    return bench("judge", BENCH / "replay" / "judge.py")


def packed(labels: Any) -> str:
    return base64.b64encode(np.asarray(labels, dtype=np.uint8).tobytes()).decode()


def made_up(case: str, seed: int, spread: float = 0.3, judged: int = 500) -> list[dict[str, Any]]:
    """Return the lines of a case: methods keep their rank from case to case, but not quite, and settings matter."""
    rng = np.random.default_rng(seed)
    makers = {name: methods.get(name) for name in WORLD}
    plans = list_plans(makers, ["minilm"], lambda p: WORLD[p.method][1] * p.share, 900, variants=6, rng=rng)
    truth, hard = rng.integers(2, size=judged), rng.random(judged)
    facts = {"rows": 900, "labels": 2, "tokens": 20.0, "unspaced": False, "embedding_seconds": 8.0}
    rows: list[dict[str, Any]] = [{"case": case, "seed": 0, "key": "case", **facts, "valid": packed(truth)}]
    level = rng.uniform(0.8, 2.0)
    own = {name: rng.normal(0, 0.25) for name in WORLD}
    varied = {(plan.method, plan.settings): rng.normal(-0.1, spread) for plan in plans if plan.settings}
    for plan in plans:
        skill, seconds = WORLD[plan.method]
        off = varied.get((plan.method, plan.settings), 0.0) + 0.25 * np.log(plan.share) + rng.normal(0, 0.05)
        share = 1 / (1 + np.exp(-(level + skill + own[plan.method] + off)))
        right = hard + 0.1 * rng.standard_normal(judged) < share
        row = {"case": case, "seed": 0, "key": plan.key, "plan": asdict(plan), "test": float(share)}
        answers = np.where(right, truth, 1 - truth)
        told = {"score": float(right.mean()), "seconds": seconds * plan.share, "answers": packed(answers)}
        rows.append(row | told)
    failed = asdict(Plan.of("full", "minilm", {"batch_size": 128, "epochs": 8}))
    rows.append({"case": case, "seed": 0, "key": "failed", "plan": failed, "score": None, "seconds": 5.0})
    return rows


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    lines = [line for seed, case in enumerate(("one", "two", "three", "four")) for line in made_up(case, seed)]
    return [json.loads(json.dumps(line)) for line in lines]


def settings(**rest: Any) -> ExploreSettings:
    return ExploreSettings(**{"minutes": 2.0, "worth": 0.0, "reflect": False, "ensemble": False, **rest})


def test_the_prior_is_what_was_planted(priors: ModuleType, rows: list[dict[str, Any]]) -> None:
    table = priors.table_of(rows)
    assert sorted(table["cases"]) == ["four", "one", "three", "two"]
    assert sorted(priors.table_of(rows, ["two"])["cases"]) == ["four", "one", "three"]
    assert not any("together" in case for case in table["cases"].values())
    known = load_prior(Features(**table["cases"]["one"]["features"]), json.loads(json.dumps(table)))
    for method in ("full", "probe", "top_layers"):
        assert known.mean(Plan(method)) == pytest.approx(WORLD[method][0], abs=0.35)
        assert known.mean(Plan.of(method, settings={"x": 1})) < known.mean(Plan(method)) + 0.1
    assert known.slope("full").mean == pytest.approx(0.25, abs=0.15)
    assert 0.1 < table["within"] < 0.35


def test_how_far_ensembles_lead_is_known_of_the_data_sets_where_one_was_asked(
    priors: ModuleType, rows: list[dict[str, Any]]
) -> None:
    asked = [
        {"case": "one", "test": [0.8, 0.82], "error": 0.008},
        {"case": "one", "test": [0.8, 0.81], "error": 0.008, "before": [0.8, 0.016]},
        {"case": "two", "test": [0.7, 0.72], "error": 0.021},
    ]
    table = json.loads(json.dumps(priors.table_of(rows, ensembles=asked)))
    first = pytest.approx([0.097, 0.05], abs=2e-3)  # in log-odds: 1.516 and 1.450 less 1.386, and 0.008 / 0.16
    second = pytest.approx([0.097, 0.1], abs=2e-3)  # 0.944 less 0.847, and 0.021 / 0.21
    assert [case.get("together") for case in table["cases"].values()] == [None, first, None, second]
    features = Features(**table["cases"]["one"]["features"])
    known = load_prior(features, table).together
    assert known is not None and 0.05 < known.mean < 0.1
    # That both lead by the same says more than their errors let expect, so hardly a guess is left of the doubt.
    assert 0.03 < known.doubt < 0.06
    assert load_prior(features, table, without=["one", "two"]).together is None
    joined = pytest.approx([0.064, 0.1], abs=2e-3)  # 1.450 less 1.386, and 0.016 / 0.16
    assert [case.get("wider") for case in table["cases"].values()] == [None, joined, None, None]
    wider = load_prior(features, table).wider
    assert wider is not None and 0.0 < wider.mean < 0.064
    assert load_prior(features, table, without=["one"]).wider is None


def test_regret_is_averaged_over_the_logarithm_of_time(judge: ModuleType) -> None:
    assert judge.regret([], 0.9, 100.0) == pytest.approx(0.9)
    assert judge.regret([(10.0, 0.8)], 0.9, 100.0) == pytest.approx(0.5)
    assert judge.regret([(0.5, 0.9)], 0.9, 100.0) == pytest.approx(0.0)


def test_a_replay_keeps_the_clock_and_repeats_itself(judge: ModuleType, rows: list[dict[str, Any]]) -> None:
    [case, *_] = judge.cases_of(rows)
    known = load_prior(case.features, {"within": 0.25, "cases": {}})
    asked = settings(strategy="random")
    (first, top), again, other = (judge.replay(case, asked, known, seed) for seed in (0, 0, 1))
    assert (first, top) == again != other
    assert top in [row["test"] for row in case.rows.values() if row["score"] is not None]
    times = [at for at, _ in first]
    assert times == sorted(times)
    assert times[-1] <= 120.0
    assert len(judge.offered(case, 0)) < len(case.rows)


def test_without_the_opening_the_curious_strategy_finds_models_long_before_chance(
    judge: ModuleType, rows: list[dict[str, Any]]
) -> None:
    """The opening is the same for all strategies, so it is left out where they are to be told apart."""
    lines = [row for row in rows if row["case"] in ("one", "two")]
    found = judge.judge(lines, ["curious", "random"], 2, settings=settings(), prior="others", opens=False)
    mine, chance = ([v for case in found[name].regret.values() for v in case] for name in ("curious", "random"))
    assert len(mine) == 4
    assert np.mean(mine) < 0.8 * np.mean(chance)


@pytest.mark.slow
def test_the_curious_strategy_has_less_regret_than_chance(judge: ModuleType) -> None:
    """Where settings matter, differences can be proven, and the opening, the same for both, does not find them all."""
    lines = [line for seed, case in enumerate(("one", "two", "three")) for line in made_up(case, seed, 0.6, 2000)]
    found = judge.judge(lines, ["curious", "random"], 2, settings=settings(minutes=5.0), prior="others")
    mine, chance = ([v for case in found[name].regret.values() for v in case] for name in ("curious", "random"))
    assert len(mine) == 6
    assert np.mean(mine) < np.mean(chance) - 0.002


@pytest.mark.slow
def test_a_search_ends_where_nothing_is_worth_its_time(judge: ModuleType, rows: list[dict[str, Any]]) -> None:
    [case, *_] = judge.cases_of(rows)
    known = load_prior(case.features, {"within": 0.25, "cases": {}})

    def left(worth: float) -> float:
        asked = settings(worth=worth, minutes=60.0, strategy="curious")
        ended: list[tuple[float, str]] = []

        class Watched(judge.Replayed):  # type: ignore[misc, name-defined]
            def next(self) -> Any:
                step = super().next()
                if step is None:
                    ended.append((self.left, self.end_reason()))
                return step

        original, judge.Replayed = judge.Replayed, Watched
        try:
            judge.replay(case, asked, known, 0)
        finally:
            judge.Replayed = original
        [(seconds, why)] = ended
        assert why == ("worth" if worth else "exhausted")
        return seconds

    never, soon, at_once = left(0.0), left(0.002), left(1.0)
    assert never < soon < at_once
