"""Rare labels are answered sooner where the metric gains by it, and nothing changes where it does not."""

import json

import numpy as np
import numpy.typing as npt
import pytest

from haoqi.data.examples import Examples
from haoqi.evaluate.metric import score_answers
from haoqi.evaluate.metrics import metrics
from haoqi.tasks.outputs.adjustment import FEWEST, fit_offsets
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.outputs.probability import log_softmax

LABELS = ("common", "rare")
OUTPUT = OneLabel(LABELS)


def world(seed: int, count: int = 1000) -> tuple[npt.NDArray[np.float32], Examples]:
    """Return honest scores of labels of which one is rare, and the labels drawn by them."""
    rng = np.random.default_rng(seed)
    rare = rng.random(count) < 0.15
    lead = 1.2 * rng.standard_normal(count) + np.where(rare, -0.6, 0.6)
    lead += np.log(0.85 / 0.15)
    scores = np.stack([lead / 2, -lead / 2], axis=1).astype(np.float32)
    return scores, Examples.of([""] * count, [LABELS[int(one)] for one in rare])


def scored(metric: str, scores: npt.NDArray[np.float32], examples: Examples, **calibration: object) -> float:
    answers = OUTPUT.decode(scores, examples, **calibration)
    return score_answers(metrics.build(metric), examples.labels, answers.labels, LABELS)


def test_macro_f1_gains_on_other_examples() -> None:
    gains = []
    for seed in range(5):
        found = OUTPUT.calibrate(*world(seed, 400), metrics.build("macro_f1"))
        other = world(seed + 100)
        assert found["offsets"]["common"] == 0.0
        gains.append(scored("macro_f1", *other, **found) - scored("macro_f1", *other))
    assert min(gains) > 0
    assert np.mean(gains) > 0.02


def test_accuracy_hardly_loses() -> None:
    losses = []
    for seed in range(5):
        found = OUTPUT.calibrate(*world(seed, 400), metrics.build("accuracy"))
        other = world(seed + 100)
        losses.append(scored("accuracy", *other) - scored("accuracy", *other, **found))
    assert np.mean(losses) < 0.01


def test_without_a_metric_or_with_few_examples_the_likeliest_label_is_the_answer() -> None:
    assert "offsets" not in OUTPUT.calibrate(*world(0))
    assert "offsets" not in OUTPUT.calibrate(*world(0, FEWEST - 1), metrics.build("macro_f1"))


def test_a_model_that_tells_no_text_from_another_keeps_its_answer() -> None:
    _, examples = world(0, 400)
    folds = np.log([[0.85, 0.15], [0.84, 0.16], [0.86, 0.14], [0.85, 0.15], [0.83, 0.17]])
    blind = np.tile(folds, (80, 1)).astype(np.float32)
    assert "offsets" not in OUTPUT.calibrate(blind, examples, metrics.build("macro_f1"))


def test_probabilities_stay_and_the_confidence_is_that_of_the_answer() -> None:
    scores, examples = world(0, 200)
    plain = OUTPUT.decode(scores, examples)
    moved = OUTPUT.decode(scores, examples, offsets={"rare": 1.0})
    assert plain.probabilities is not None
    assert np.array_equal(plain.probabilities, moved.probabilities)
    assert moved.labels.count("rare") > plain.labels.count("rare")
    places = [LABELS.index(str(label)) for label in moved.labels]
    assert np.allclose(moved.confidence, plain.probabilities[np.arange(200), places])


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_margin_says_how_far_the_answer_is_from_another(temperature: float) -> None:
    """A score that moves by a little more than the margin towards the other answer changes the answer."""
    scores, examples = world(0, 50)
    calibration = {"temperature": temperature, "offsets": {"rare": 0.8}}
    answers = OUTPUT.decode(scores, examples, **calibration).labels
    margins = OUTPUT.margins(scores, **calibration)
    for share, changed in ((0.99, False), (1.01, True)):
        moved = scores.astype(np.float64).copy()
        other = np.array([1 - LABELS.index(str(label)) for label in answers])
        moved[np.arange(50), other] += share * margins
        same = [a == b for a, b in zip(OUTPUT.decode(moved, examples, **calibration).labels, answers, strict=True)]
        assert not any(same) if changed else all(same)


def test_offsets_are_plain_and_of_every_label() -> None:
    scores, examples = world(0)
    targets = OUTPUT.targets(examples)
    found = fit_offsets(log_softmax(scores), targets, LABELS, metrics.build("macro_f1"))
    assert json.loads(json.dumps(found)) == found
    assert list(found) == list(LABELS)
    assert found["rare"] > 0
