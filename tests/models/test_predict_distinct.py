from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from haoqi import tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples
from haoqi.models.model import Model, answers
from haoqi.models.predict_distinct import predict_distinct
from haoqi.models.predictor import Progress
from haoqi.models.predictors.constant import Constant
from haoqi.tasks.words import words_of

LABELS = ("even", "odd")


@dataclass(frozen=True)
class Counting:
    """Says by a text's length whether it is odd, and keeps what it was asked."""

    asked: list[list[str]] = field(default_factory=list)
    words: bool = False

    def scores(self, examples: Examples, progress: Progress | None = None) -> object:
        self.asked.append(list(examples.texts))
        if self.words:
            return [np.eye(5, dtype=np.float32)[[1] * len(own)] * 4 for own in words_of(examples)]
        odd = np.array([len(text) % 2 for text in examples.texts], dtype=np.float32)
        return np.stack([1 - odd, odd], axis=1) * np.array([len(text) for text in examples.texts])[:, None]

    def save(self, folder: Path, *, standalone: bool) -> None:
        raise AssertionError

    @classmethod
    def load(cls, folder: Path, cache: Path) -> "Counting":
        raise AssertionError


def model_of(predictor: Counting, task: str = "topic", labels: tuple[str, ...] = LABELS) -> Model:
    return Model(tasks.build(task, labels), predictor)  # type: ignore[arg-type]


def test_each_different_text_is_computed_once_and_answered_where_it_stands() -> None:
    predictor = Counting()
    texts = ["a", "bb", "a", "ccc", "bb", "a"]
    found = predict_distinct(model_of(predictor), texts)
    assert predictor.asked == [["a", "bb", "ccc"]]
    one_by_one = model_of(Counting()).predict(texts)
    assert found.labels == one_by_one.labels == ["odd", "even", "odd", "odd", "even", "odd"]
    assert (found.confidence == one_by_one.confidence).all()
    assert found.probabilities is not None
    assert one_by_one.probabilities is not None
    assert (found.probabilities == one_by_one.probabilities).all()


def test_spans_of_a_repeated_text_are_repeated() -> None:
    model = model_of(Counting(words=True), "entities", ("place", "thing"))
    found = predict_distinct(model, ["one two", "three", "one two"])
    assert found.labels[0] == found.labels[2] != found.labels[1]
    assert found.span_confidence is not None
    assert [len(sure) for sure in found.span_confidence] == [2, 1, 2]


def test_a_stream_computes_a_repeated_text_once_in_a_batch() -> None:
    predictor = Counting()
    found = [answer.label for answer in model_of(predictor).stream(["a", "a", "bb", "a"], batch=3)]
    assert found == ["odd", "odd", "even", "odd"]
    assert predictor.asked == [["a", "bb"], ["a"]]


@pytest.mark.parametrize("texts", [["fine", None], [["a"], ["a"]]])
def test_what_is_not_text_is_an_error_in_words(texts: Sequence[str]) -> None:
    with pytest.raises(UserError, match="which is not text"):
        predict_distinct(model_of(Counting()), texts)


def test_an_answer_lists_its_likeliest_labels_first() -> None:
    labels = tuple(f"label {number:02}" for number in range(12))
    logits = np.array([0, 3, 1, 2, *[-1] * 8], dtype=np.float32)
    model = Model(tasks.build("topic", labels), Constant(logits))
    predictions = model.predict(["a text"])
    (answer,) = answers(predictions, labels)
    assert list(answer.scores)[:4] == ["label 01", "label 03", "label 02", "label 00"]
    assert len(answer.scores) == 10
    assert predictions.probabilities is not None
    assert answer.scores["label 03"] == float(predictions.probabilities[0, 3])
    assert sorted(answer.scores.values(), reverse=True) == list(answer.scores.values())
