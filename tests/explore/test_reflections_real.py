"""Real text: flipped labels are found and won back, and on clean data the same reflection does no harm."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core import folder
from haoqi.core.errors import UserError
from haoqi.core.hardware import Hardware
from haoqi.core.ledger import Ledger
from haoqi.data.examples import Examples, Splits
from haoqi.data.recipes._suspects import find
from haoqi.explore.experiments import run_experiment
from haoqi.explore.experiments.training_data import recipe_tools
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.proposal import Belief, Proposal
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.reflection import reflect
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.settings import ExploreSettings
from haoqi.explore.setup.context import SearchContext
from haoqi.explore.setup.text_lengths import measure_lengths
from haoqi.models.bases import Base, resolve

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "sst2"
NAMES = {"0": "negative", "1": "positive"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="sst2 is not beside the repository, at ../shared/data/sst2"),
]


def read(name: str) -> Examples:
    """Return one file of sst2."""
    rows = [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    pairs = [
        (NAMES[row[0]], row[1]) if row[0] in NAMES else (NAMES[row[1]], row[0]) for row in rows if {*row} & {*NAMES}
    ]
    return Examples.of([text for _, text in pairs], [label for label, _ in pairs])


@pytest.fixture(scope="module")
def minilm(home: Path) -> Base:
    try:
        return resolve("minilm", folder.cache())
    except UserError as error:
        pytest.skip(error.what)


@pytest.fixture(scope="module")
def sst2() -> tuple[Examples, Examples]:
    train, valid = read("train.tsv"), read("dev.tsv")
    return train, replace(valid, ids=[len(train) + row for row in valid.ids])


def context_of(place: Path, train: Examples, valid: Examples, **rest: Any) -> SearchContext:
    return SearchContext(
        task=tasks.build("sentiment", ("negative", "positive")),
        splits=Splits(train, valid, Examples.of([])),
        settings=ExploreSettings(steps=50, folds=0),
        hardware=Hardware(2, 8 << 30, None, 100.0, 100.0),
        folder=place,
        run="sst2",
        **rest,
    )


def flipped(train: Examples) -> tuple[Examples, set[int]]:
    """Return the examples with a fifth of their labels turned, and which."""
    wrong = set(np.random.default_rng(0).permutation(len(train))[: len(train) // 5].tolist())
    turn = {"negative": "positive", "positive": "negative"}
    return replace(train, labels=[turn[x] if row in wrong else x for row, x in enumerate(train.labels)]), wrong


def crowned(context: SearchContext, history: History, plan: Plan) -> float:
    """Run a plan, make it champion, and return its score."""
    step = Proposal(plan, Reason("asked"), "explore", Belief(None, 0.15, 1.0), 1.0, None)
    found = history.add(run_experiment.run(step, context), spent=0.0)
    assert found.score is not None, found.failure()
    history.judge(Verdict(found.number, "crowned", found.number, found.score), spent=0.0)
    return found.score


def test_flipped_labels_are_among_the_suspects(tmp_path: Path, sst2: tuple[Examples, Examples], minilm: Base) -> None:
    train, wrong = flipped(sst2[0])
    bases = {"minilm": minilm}
    context = context_of(tmp_path, train, sst2[1], bases=bases, lengths=measure_lengths(train.texts, bases))
    suspects = find(train, recipe_tools(Plan("tfidf"), context), None).rows.tolist()
    hits = np.cumsum([row in wrong for row in suspects])
    precise = np.flatnonzero(hits >= 0.6 * np.arange(1, len(hits) + 1))[-1]
    # 0.58 was seen, seven of ten of those named; the ranking behind it has 0.70 at six of ten.
    assert hits[precise] >= 0.55 * len(wrong)


def test_the_lesson_of_flipped_labels_is_confirmed(tmp_path: Path, sst2: tuple[Examples, Examples]) -> None:
    context = context_of(tmp_path, flipped(sst2[0])[0], sst2[1], bases={})
    history = History(Ledger(tmp_path / "ledger.sqlite"), "sst2")
    before = crowned(context, history, Plan("tfidf"))
    [lesson] = reflections.build("suspect_labels").reflect(ChampionDiagnostics(context, history))
    scores = [crowned(context, history, plan) for plan in lesson.plans]
    assert reflect.judge_lesson(lesson, ChampionDiagnostics(context, history)).decision == "confirmed"
    assert max(scores) > before + 0.02


def test_on_clean_labels_the_same_lesson_is_not_confirmed(tmp_path: Path, sst2: tuple[Examples, Examples]) -> None:
    context = context_of(tmp_path, *sst2, bases={})
    history = History(Ledger(tmp_path / "ledger.sqlite"), "sst2")
    crowned(context, history, Plan("tfidf"))
    for lesson in reflections.build("suspect_labels").reflect(ChampionDiagnostics(context, history)):
        for plan in lesson.plans:
            crowned(context, history, plan)
        assert reflect.judge_lesson(lesson, ChampionDiagnostics(context, history)).decision != "confirmed"
