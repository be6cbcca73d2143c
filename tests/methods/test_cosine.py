"""The cosine of a base is brought to the scale of the answers, and its order is that of the base."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from haoqi import methods, tasks
from haoqi.data.examples import Examples
from haoqi.methods.method import Job
from haoqi.models.bases import Base, resolve
from haoqi.models.feature_store.store import FeatureStore

WORDS = ("striker", "minister", "coffee", "Brussels", "telescope found water", "电池", "colour wrong", "a")
TEXTS = [f"{WORDS[row % 8]} {WORDS[row * row % 7]} {row}" * (1 + row % 3) for row in range(40)]


@pytest.fixture(scope="module")
def base(tiny_base: str, tmp_path_factory: pytest.TempPathFactory) -> Base:
    return resolve(tiny_base, tmp_path_factory.mktemp("cache"))


def _job(task: str, labels: list[Any], base: Base, store: FeatureStore) -> Job:
    built = tasks.build(task, () if task == "similarity" else ("different", "same"))
    examples = replace(Examples.of(TEXTS, labels), pairs=TEXTS[::-1])
    return Job(built, examples, examples.take([]), 0, store, base)


def _cosines(base: Base, store: FeatureStore) -> Any:
    vectors = store.embeddings(base, [*TEXTS, *TEXTS[::-1]])
    return (vectors[:40] * vectors[40:]).sum(axis=1)


def test_numbers_are_the_line_through_the_cosines(base: Base, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = FeatureStore(tmp_path_factory.mktemp("features"))
    cosines = _cosines(base, store)
    labels = (3 * cosines + np.random.default_rng(0).normal(size=40) / 50).tolist()
    job = _job("similarity", labels, base, store)
    found = methods.build("cosine").fit(job).scores(job.train)
    slope = np.cov(cosines, labels)[0, 1] / np.var(cosines, ddof=1)
    line = np.mean(labels) + slope * (cosines - cosines.mean())
    np.testing.assert_allclose(np.asarray(found)[:, 0], line, rtol=1e-2, atol=1e-2)
    assert np.corrcoef(np.asarray(found)[:, 0], cosines)[0, 1] == pytest.approx(1.0)


def test_classes_are_a_logistic_curve_of_the_cosine(base: Base, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = FeatureStore(tmp_path_factory.mktemp("features"))
    cosines = _cosines(base, store)
    labels = ["same" if one > np.median(cosines) else "different" for one in cosines]
    job = _job("paraphrase", labels, base, store)
    predictor = methods.build("cosine").fit(job)
    scores = np.asarray(predictor.scores(job.train))
    assert np.corrcoef(scores[:, 1] - scores[:, 0], cosines)[0, 1] == pytest.approx(1.0)
    answers = job.task.output.decode(scores, job.train)
    assert np.mean([one == other for one, other in zip(answers.labels, labels, strict=True)]) > 0.95
    assert answers.probabilities is not None
    assert np.allclose(answers.probabilities.sum(axis=1), 1, atol=1e-5)


def test_single_texts_are_not_taken() -> None:
    assert not methods.build("cosine").accepts.takes(tasks.build("topic", ()).output.kind)
    assert not methods.build("bi_encoder").accepts.takes(tasks.build("regression", ()).output.kind)
    assert methods.build("bi_encoder").accepts.takes(tasks.build("ranking", ()).output.kind, pairs=True)
