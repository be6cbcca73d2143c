"""Evidence holds what a release and a report need, and is the same after JSON."""

import json
from typing import Any

import numpy as np
import pytest

from haoqi.core.errors import UserError
from haoqi.data.answers import ONE_CLASS, SEVERAL_CLASSES, SPANS
from haoqi.data.examples import Examples, Span
from haoqi.evaluate.evidence import Evidence, evidence
from haoqi.evaluate.metric import Labels
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions

LABELS = ("a", "b", "c")
TEXT = "Ann Lee flew to Oslo"
ANN, OSLO = Span(0, 7, "PER"), Span(16, 20, "LOC")
WORDS = ((0, 3), (4, 7), (8, 12), (13, 15), (16, 20))


def _one_label(**changes: Any) -> Evidence:
    rng = np.random.default_rng(0)
    true = [LABELS[index] for index in rng.integers(3, size=60)]
    probabilities = rng.dirichlet(np.ones(3), size=60) * 0.2 + 0.8 * np.eye(3)[[LABELS.index(label) for label in true]]
    probabilities[:5] = np.roll(probabilities[:5], 1, axis=1)
    best = probabilities.argmax(axis=1)
    predictions = Predictions([LABELS[index] for index in best], probabilities.max(axis=1), probabilities)
    examples = Examples.of([f"text {row}" for row in range(60)], true)
    built = [metrics.build(name) for name in ("macro_f1", "accuracy")]
    return evidence(
        ONE_CLASS, built, examples, predictions, task=Labels(LABELS), rng=np.random.default_rng(1), **changes
    )


def _spans() -> Evidence:
    examples = Examples.of([TEXT, TEXT], [(ANN, OSLO), (ANN, OSLO)])
    answers: list[Any] = [(ANN, OSLO), (Span(0, 3, "PER"),)]
    predictions = Predictions(answers, np.array([0.9, 0.4]), span_confidence=[(0.9, 0.95), (0.5,)])
    built = [metrics.build("entity_f1")]
    words = [WORDS, WORDS]
    rng = np.random.default_rng(0)
    return evidence(SPANS, built, examples, predictions, task=Labels(("LOC", "PER")), rng=rng, words=words)


def _many_labels() -> Evidence:
    examples = Examples.of(["t", "u"], [("a", "b"), ()])
    predictions = Predictions([("a",), ()], np.array([0.5, 0.9]), np.array([[0.9, 0.4, 0.1], [0.1, 0.1, 0.1]]))
    built = [metrics.build("micro_f1")]
    return evidence(SEVERAL_CLASSES, built, examples, predictions, task=Labels(LABELS), rng=np.random.default_rng(0))


@pytest.mark.parametrize("found", [_one_label(seconds=1.5), _many_labels(), _spans()], ids=["one", "many", "spans"])
def test_evidence_is_the_same_after_json(found: Evidence) -> None:
    assert Evidence.from_plain(json.loads(json.dumps(found.to_plain(), allow_nan=False))) == found


def test_one_label_has_scores_with_intervals_confusion_and_calibration() -> None:
    found = _one_label()
    assert list(found.scores) == ["macro_f1", "accuracy"]
    assert found.scores["accuracy"][0] == pytest.approx(55 / 60)
    assert all(low <= value <= high for value, low, high in found.scores.values())
    assert found.matrix().sum() == found.examples == 60
    assert np.trace(found.matrix()) == 55
    assert sum(pair.count for pair in found.confused) == len(found.mistakes) == 5
    assert found.calibration is not None and found.calibration.log_loss is not None
    assert [row.label for row in found.table] == list(LABELS)


def test_spans_have_a_table_of_types_and_of_tags() -> None:
    found = _spans()
    assert [(row.label, row.recall) for row in found.table] == [("LOC", 0.5), ("PER", 0.5)]
    assert [(row.label, row.support) for row in found.tags] == [
        ("O", 4),
        ("B-LOC", 2),
        ("I-LOC", 0),
        ("B-PER", 2),
        ("I-PER", 2),
    ]
    assert found.kinds is not None and (found.kinds["right"], found.kinds["missed"], found.kinds["boundary"]) == (
        2,
        1,
        1,
    )
    assert found.confusion == ()


def test_unlabelled_examples_are_left_out_and_strange_labels_are_kept() -> None:
    examples = Examples.of(list("tuv"), ["a", None, "new"])
    predictions = Predictions(["a", "b", "a"], np.array([0.9, 0.8, 0.7]), np.eye(2)[[0, 1, 0]])
    built = [metrics.build("accuracy")]
    found = evidence(ONE_CLASS, built, examples, predictions, task=Labels(("a", "b")), rng=np.random.default_rng(0))
    assert (found.examples, found.labels) == (2, ("a", "b", "new"))
    assert found.scores["accuracy"][0] == 0.5
    assert found.matrix().tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_same_seed_gives_the_same_evidence() -> None:
    assert _one_label() == _one_label()


def test_damaged_or_newer_evidence_is_refused() -> None:
    plain = _one_label().to_plain()
    changes: list[dict[str, Any]] = [{"table": 3}, {"scores": {"accuracy": [1]}}, {"labels": None}, {"odd": 1}]
    for change in changes:
        with pytest.raises(UserError, match="damaged"):
            Evidence.from_plain({**plain, **change})
    with pytest.raises(UserError, match="newer"):
        Evidence.from_plain({**plain, "format": 99})


def test_answers_to_other_examples_are_refused() -> None:
    predictions = Predictions(["a"], np.array([0.9]))
    with pytest.raises(ValueError, match="2 examples but 1 answers"):
        evidence(ONE_CLASS, [], Examples.of(["t", "u"]), predictions, task=Labels(("a",)), rng=np.random.default_rng(0))
