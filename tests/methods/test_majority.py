from pathlib import Path
from typing import Any

import numpy as np

from haoqi import methods, tasks
from haoqi.data.examples import Examples, Span
from haoqi.evaluate.predictions import Predictions
from haoqi.methods.method import Job
from haoqi.models.feature_store.store import FeatureStore


def predict(task_name: str, names: tuple[str, ...], labels: list[Any], texts: list[str] | None = None) -> Predictions:
    task = tasks.build(task_name, names)
    examples = Examples.of(texts or [f"text {row}" for row in range(len(labels))], labels)
    predictor = methods.build("majority").fit(Job(task, examples, examples, 0, FeatureStore(Path("unused"))))
    return task.output.decode(predictor.scores(examples), examples)


def test_commonest_label_is_given_with_about_its_frequency() -> None:
    found = predict("topic", ("a", "b", "c"), ["b"] * 60 + ["a"] * 30)
    assert set(found.labels) == {"b"}
    assert found.probabilities is not None
    np.testing.assert_allclose(found.probabilities[0], [1 / 3, 2 / 3, 0], atol=0.01)


def test_each_of_several_labels_is_given_if_most_texts_have_it() -> None:
    assert set(predict("multilabel", ("a", "b"), [("a",)] * 3 + [("a", "b")]).labels) == {("a",)}


def test_entities_are_never_found() -> None:
    texts = ["Ann is here today ."] * 5
    assert set(predict("entities", ("PER",), [(Span(0, 3, "PER"),)] * 5, texts).labels) == {()}
