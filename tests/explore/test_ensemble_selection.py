"""The diverse best are asked together, honestly judged, released as one model, and taught to a fast one."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi import pipeline, tasks
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples, Query
from haoqi.evaluate.comparison import Comparison
from haoqi.explore.experiments.ensemble_selection import MEMBERS, class_loss, number_loss, select_weights
from haoqi.explore.plans.plan import DISTIL, ENSEMBLE, Plan
from haoqi.models.predictors.blend import Blend
from haoqi.models.releases.releases import Release
from haoqi.run import run_of


def logits(truth: np.ndarray, skill: float, rng: np.random.Generator) -> np.ndarray:
    """Return what a model of some skill says, its errors its own, shape (n, labels)."""
    return skill * truth.astype(float) + rng.normal(size=truth.shape)


def test_members_that_err_apart_are_chosen_and_a_useless_one_is_not() -> None:
    rng = np.random.default_rng(0)
    truth = np.eye(3, dtype=bool)[rng.integers(3, size=600)]
    tables = np.stack([logits(truth, skill, rng) for skill in (2.0, 2.0, 2.0, 0.0)])
    weights = select_weights(tables, class_loss(truth, exclusive=True), rng=rng)
    assert (weights[:3] > 0.15).all()
    assert weights[3] == 0
    together = np.tensordot(weights, tables, axes=1).argmax(axis=1)
    alone = [(table.argmax(axis=1) == truth.argmax(axis=1)).mean() for table in tables]
    assert (together == truth.argmax(axis=1)).mean() > max(alone) + 0.03


def test_copies_share_the_weight_that_one_of_them_would_have() -> None:
    rng = np.random.default_rng(1)
    truth = np.eye(2, dtype=bool)[rng.integers(2, size=400)]
    one, other = (logits(truth, 2.0, rng) for _ in range(2))
    loss = class_loss(truth, exclusive=True)
    apart = select_weights(np.stack([one, other]), loss, rng=np.random.default_rng(2))
    copied = select_weights(np.stack([one, one, other]), loss, rng=np.random.default_rng(2))
    assert copied[:2].sum() == pytest.approx(apart[0], abs=0.1)


@given(st.integers(1, 7), st.integers(2, 40), st.booleans(), st.integers(0, 99))
def test_weights_are_shares_of_few_members(count: int, rows: int, exclusive: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.eye(3, dtype=bool)[rng.integers(3, size=rows)] if exclusive else rng.random((rows, 3)) < 0.4
    weights = select_weights(rng.normal(size=(count, rows, 3)), class_loss(truth, exclusive=exclusive), rng=rng)
    assert weights.sum() == pytest.approx(1, abs=0.01)
    assert (weights >= 0).all()
    assert 1 <= (weights > 0).sum() <= MEMBERS


@pytest.mark.parametrize("task", ["regression", "similarity"])
def test_of_numbers_those_that_err_apart_are_chosen_by_the_metric_that_decides(task: str) -> None:
    rng = np.random.default_rng(3)
    right = rng.normal(3.0, 1.0, size=300)
    judged = Examples.of([""] * 300, right.tolist())
    tables = np.stack([right + rng.normal(size=300) * error for error in (0.5, 0.5, 0.5, 9.0)])[:, :, None]
    loss = number_loss(judged, tasks.build(task, ()))
    weights = select_weights(tables, loss, rng=rng)
    assert (weights[:3] > 0.15).all()
    assert weights[3] == 0
    rows = np.arange(300)
    together = np.tensordot(weights, tables, axes=1)
    assert loss(together, rows) < min(loss(table, rows) for table in tables) - 0.02


def test_a_plan_of_plans_survives_the_ledger_and_says_who_is_asked() -> None:
    recipe = (("balance", (("strength", 0.5),)),)
    library = (Plan("tfidf"), Plan("probe", "minilm", recipe=recipe), Plan("knn", "minilm"))
    plan = Plan.of(ENSEMBLE, None, {"weights": (0.3, 0.7, 0.0), "library": (2, 3, 4)}, made_of=library)
    again = Plan.from_plain(json.loads(json.dumps(asdict(plan))))
    assert again == plan
    assert again.key == plan.key
    assert [one.method for one, _ in plan.members] == ["probe", "tfidf"]
    assert plan.words().startswith("ensemble of (probe of minilm") and "knn" not in plan.words()
    assert Plan("tfidf").key == Plan.from_plain({**asdict(Plan("tfidf")), "made_of": []}).key


GOOD, BAD = ("great", "lovely", "quick", "bright"), ("broken", "late", "dull", "rude")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_base: str) -> Callable[[int], Release]:
    """Return what releases the best of so many steps on noisy reviews, where every test is passed."""
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("haoqi.evaluate.comparison.compare", lambda *args, **rest: Comparison(0.01, 0.001, 0.02, 1e-4))
    rng = np.random.default_rng(5)
    lines = ["text,label"]
    for number in range(500):
        good = bool(rng.random() < 0.5)
        words = [str(rng.choice(GOOD if (rng.random() < 0.7) == good else BAD)) for _ in range(3)]
        lines.append(f"no. {number} was {' '.join(words)},{'good' if good else 'bad'}")
    source = tmp_path / "reviews.csv"
    source.write_text("\n".join(lines))
    usual = {
        "methods": ("majority", "logistic", "tfidf", "probe", "knn"),
        "base": (tiny_base,),
        "variants": 0,
        "folds": 0,
    }
    rest = {"compile": False, "reflect": False}
    return lambda steps: pipeline.improve(run_of(str(source), steps=steps, **usual, **rest))


def tried(home: Path) -> list[dict[str, Any]]:
    [path] = home.glob("runs/reviews/*/ledger.sqlite")
    ledger = Ledger(path)
    [name] = ledger.runs()
    return [entry.body for entry in ledger.entries(name, "experiment")]


def test_an_ensemble_is_tried_last_released_as_one_model_and_taught_to_a_fast_one(
    asked: Callable[[int], Release], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(6)
    assert [body["role"] for body in tried(tmp_path / "home")] == ["explore"] * 5 + [ENSEMBLE]
    model = first.load()
    assert isinstance(model.predictor, Blend)
    assert len(model.predictor.members) >= 2
    assert 0.5 < model("no. 7 was great lovely bright").confidence <= 1
    page = (first.folder / "report.html").read_text(encoding="utf-8")
    assert "ensemble of (" in page
    assert "bootstrap bias correction" in page and "自助法偏差校正" in page
    monkeypatch.setattr("haoqi.explore.scheduling.ensemble_plans.FASTER", 1.01)
    second = asked(7)
    last = tried(tmp_path / "home")[-1]
    assert (last["role"], last["plan"]["recipe"], last["error"]) == (DISTIL, [[DISTIL, []]], None)
    assert [one["method"] for one in last["plan"]["made_of"]] == [ENSEMBLE]
    assert second.version == 2
    assert not isinstance(second.load().predictor, Blend)
    assert "as good within the margin" in (second.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("pairs", [False, True])
def test_an_ensemble_of_numbers_is_their_mean_and_has_no_student(
    pairs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_base: str
) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("haoqi.evaluate.comparison.compare", lambda *args, **rest: Comparison(0.01, 0.001, 0.02, 1e-4))
    rng = np.random.default_rng(5)
    lines = ["text,score" if not pairs else "text,pair,score"]
    for number in range(400):
        good = int(rng.integers(4))
        words = [str(rng.choice(GOOD if place < good else BAD)) for place in range(3)]
        second = f"case {number % 7} is {rng.choice(GOOD)}," if pairs else ""
        lines.append(f"no. {number} was {' '.join(words)},{second}{good + rng.normal(0, 0.5):.3f}")
    source = tmp_path / "reviews.csv"
    source.write_text("\n".join(lines))
    usual = {"methods": ("majority", "tfidf", "probe", "knn"), "base": (tiny_base,), "variants": 0, "folds": 0}
    rest = {"compile": False, "reflect": False, "label": "score", "task": "similarity" if pairs else "regression"}
    release = pipeline.improve(run_of(str(source), steps=8, **usual, **rest, **({"pair": "pair"} if pairs else {})))
    assert [body["role"] for body in tried(tmp_path / "home")] == ["explore"] * 4 + [ENSEMBLE]
    model = release.load()
    assert isinstance(model.predictor, Blend)
    assert len(model.predictor.members) >= 2
    assert model.predictor.weights.sum() == pytest.approx(1.0, abs=1e-6)
    asked = Query("no. 7 was great lovely bright", "case 1 is quick") if pairs else "no. 7 was great lovely bright"
    parts = [
        one.scores(Examples.of_queries([asked]) if pairs else Examples.of([asked])) for one in model.predictor.members
    ]
    mean = float(np.average(np.ravel(parts), weights=model.predictor.weights))
    assert model(asked).label == pytest.approx(mean, abs=1e-3)
    assert "ensemble of (" in (release.folder / "report.html").read_text(encoding="utf-8")
