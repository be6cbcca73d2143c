"""Boosted trees learn what words decide, and say what they lack."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.models.feature_store.store import FeatureStore
from haoqi.models.predictors.tree_ensemble import TreeEnsemble

TREES = ("decision_tree", "gradient_boosting", "random_forest")
TEXTS = [f"{'the striker scored' if row % 2 else 'a new telescope'} on day {row}" for row in range(60)]
LABELS = ["sport" if row % 2 else "tech" for row in range(60)]


def fit(name: str, texts: list[str], labels: list[Any], task: str = "topic", **settings: Any) -> TreeEnsemble:
    examples = Examples.of(texts, labels)
    several = ([label] if isinstance(label, str) else label for label in labels if not isinstance(label, float))
    classes = tuple(sorted({name for one in several for name in one}))
    seconds = settings.pop("seconds", None)
    job = Job(tasks.build(task, classes), examples, examples, 0, FeatureStore(Path("unused")), seconds=seconds)
    predictor = methods.build(name, **settings).fit(job)
    assert isinstance(predictor, TreeEnsemble)
    return predictor


def scores(predictor: TreeEnsemble, texts: list[str]) -> Any:
    return np.asarray(predictor.scores(Examples.of(texts)))


@pytest.mark.parametrize("name", TREES)
def test_what_a_word_decides_is_learnt(name: str) -> None:
    asked = scores(fit(name, TEXTS, LABELS), ["the striker scored on day 99", "a new telescope on day 99"])
    assert asked.argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize("name", TREES)
def test_three_classes_are_told_apart_and_a_fourth_without_examples_is_never_the_answer(name: str) -> None:
    texts = [f"{('goal', 'chip', 'rain')[row % 3]} on day {row}" for row in range(90)]
    labels = [("sport", "tech", "weather")[row % 3] for row in range(90)]
    examples = Examples.of(texts, labels)
    task = tasks.build("topic", ("art", "sport", "tech", "weather"))
    predictor = methods.build(name).fit(Job(task, examples, examples, 0, FeatureStore(Path("unused"))))
    found = np.asarray(predictor.scores(Examples.of(texts[:3])))
    assert found.argmax(axis=1).tolist() == [1, 2, 3]
    assert (found[:, 0] < found[:, 1:].min(axis=1) + 1e-6).all()


@pytest.mark.parametrize("name", TREES)
def test_how_a_text_looks_is_learnt_where_its_words_say_nothing(name: str) -> None:
    texts = [f"{'GOOD GRIEF' if row % 2 else 'good grief'}" for row in range(60)]
    assert scores(fit(name, texts, LABELS), ["GOOD GRIEF", "good grief"]).argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize("name", TREES)
def test_several_classes_and_numbers_are_learnt(name: str) -> None:
    texts = ["goal", "chip", "goal chip", "weather"] * 15
    labels: list[Any] = [("sport",), ("tech",), ("sport", "tech"), ()] * 15
    found = scores(fit(name, texts, labels, "multilabel"), texts[:4])
    assert ((found > 0) == [[True, False], [False, True], [True, True], [False, False]]).all()
    numbers = [2.0 if row % 2 else -1.0 for row in range(60)]
    found = scores(fit(name, TEXTS, numbers, "regression"), [TEXTS[1], TEXTS[0]])
    np.testing.assert_allclose(found[:, 0], [2.0, -1.0], atol=0.4)


@pytest.mark.parametrize("name", ["gradient_boosting", "random_forest"])
def test_without_time_some_trees_are_grown(name: str) -> None:
    brief, whole = fit(name, TEXTS, LABELS, seconds=0.0), fit(name, TEXTS, LABELS)
    assert 0 < len(brief.trees.roots) < len(whole.trees.roots)
    assert np.isfinite(scores(brief, ["the striker", "a telescope"])).all()


def test_labels_that_are_all_the_same_are_answered() -> None:
    examples = Examples.of(TEXTS, ["sport"] * 60)
    job = Job(tasks.build("topic", ("sport", "tech")), examples, examples, 0, FeatureStore(Path("unused")))
    for name in TREES:
        assert np.asarray(methods.build(name).fit(job).scores(examples)).argmax(axis=1).tolist() == [0] * 60


def test_without_lightgbm_boosting_names_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = fit("gradient_boosting", TEXTS, LABELS)
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(UserError, match=r'pip install "haoqi\[trees\]"'):
        fit("gradient_boosting", TEXTS, LABELS)
    assert scores(predictor, ["the striker"]).argmax() == 0  # what it has learnt answers without


def test_chinese_is_read_by_its_characters() -> None:
    texts = ["主队赢了球", "门将扑出点球", "新的望远镜", "新的芯片很快"] * 15
    labels = ["sport", "sport", "tech", "tech"] * 15
    for name in TREES:
        assert scores(fit(name, texts, labels), ["主队的球", "很新的"]).argmax(axis=1).tolist() == [0, 1]
