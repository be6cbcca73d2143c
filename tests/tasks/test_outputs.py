"""Outputs read cells, give targets, and turn scores into honest answers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples, Span
from haoqi.evaluate.calibration import calibration_error
from haoqi.tasks.outputs.cells import is_blank
from haoqi.tasks.outputs.many_labels import ManyLabels, best_threshold
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.outputs.probability import log_softmax, softmax
from haoqi.tasks.outputs.spans import Spans, overlapping
from haoqi.tasks.words import split_at_spans

LABELS = ("a", "b", "c")


@pytest.mark.parametrize(
    ("cell", "label"),
    [("spam", "spam"), (" spam ", "spam"), (1, "1"), (1.0, "1"), (1.5, "1.5"), (True, "true"), (np.float64(2), "2")],
)
def test_one_label_is_read_as_a_name(cell: object, label: str) -> None:
    assert OneLabel().read(cell) == label


@pytest.mark.parametrize("cell", [["a"], {"a": 1}, (), float("inf")])
def test_what_is_no_name_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match="label is"):
        OneLabel().read(cell)


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("b|a", ("a", "b")),
        ("a; b ;", ("a", "b")),
        ("体育；娱乐", ("体育", "娱乐")),
        ('["a", "b"]', ("a", "b")),
        ("['a']", ("a",)),
        (["b", "a", "b"], ("a", "b")),
        ([], ()),
        ("[]", ()),
        ("a", ("a",)),
        (3.0, ("3",)),
    ],
)
def test_several_labels_are_read_from_lists_and_joined_cells(cell: object, labels: tuple[str, ...]) -> None:
    assert ManyLabels().read(cell) == labels


@pytest.mark.parametrize(
    "cell",
    [
        [(0, 3, "PER")],
        [[0, 3, "PER"]],
        [{"start": 0, "end": 3, "label": "PER"}],
        [{"start": 0, "end": 3, "type": "PER"}],
        '[{"start": 0, "end": 3, "entity": "PER"}]',
        (Span(0, 3, "PER"), Span(0, 3, "PER")),
    ],
)
def test_spans_are_read_in_every_usual_form(cell: object) -> None:
    assert Spans().read(cell) == (Span(0, 3, "PER"),)


@pytest.mark.parametrize(
    "cell", ["PER", [(3, 3, "PER")], [(-1, 3, "PER")], [(0, 3)], [(0, 1.5, "PER")], [(0, 3, "")], 7, {"start": 0}]
)
def test_what_is_no_span_is_refused(cell: object) -> None:
    with pytest.raises(ValueError, match=r"span|list"):
        Spans().read(cell)


def test_blank_cells_of_every_library_are_seen() -> None:
    import pandas

    blank: list[object] = [None, "", " \t", float("nan"), np.float32("nan"), pandas.NA, pandas.NaT]
    told: list[object] = ["a", 0, 0.0, False, [], ()]
    assert [is_blank(cell) for cell in (*blank, *told)] == [True] * 7 + [False] * 6


def test_overlaps_are_seen() -> None:
    assert overlapping([Span(0, 5, "X"), Span(3, 4, "Y")])
    assert not overlapping([Span(3, 4, "X"), Span(0, 3, "Y")])


def test_targets_are_places_and_tables() -> None:
    assert OneLabel(LABELS).targets(Examples.of(["t", "u"], ["c", "a"])).tolist() == [2, 0]
    table = ManyLabels(LABELS).targets(Examples.of(["t", "u"], [("a", "c"), ()]))
    assert table.tolist() == [[1, 0, 1], [0, 0, 0]]


def test_spans_are_trained_on_tags_and_come_back_the_same() -> None:
    spans = (Span(0, 7, "LOC"), Span(14, 21, "PER"), Span(21, 24, "PER"))
    examples = split_at_spans(Examples.of(["NewYork-based Ann LeeBob x"], [spans]))
    output = Spans(("LOC", "PER"))
    (tags,) = output.targets(examples)
    # NewYork | -based | Ann | Lee | Bob | x
    assert tags.tolist() == [1, 0, 3, 4, 3, 0]
    scores = [np.eye(5, dtype=np.float32)[tags] * 20]
    assert output.decode(scores, examples).labels == [spans]


@given(st.integers(0, 10_000), st.sampled_from([0.1, 1.0, 50.0]))
def test_probabilities_are_those_of_scipy_and_sum_to_one(seed: int, scale: float) -> None:
    from scipy.special import log_softmax as expected

    scores = np.random.default_rng(seed).normal(scale=scale, size=(7, 5))
    np.testing.assert_allclose(log_softmax(scores), expected(scores, axis=1), atol=1e-9)
    np.testing.assert_allclose(softmax(scores, 3.0).sum(axis=1), 1.0)


def test_scores_that_are_no_numbers_still_give_probabilities() -> None:
    strange = np.array([[np.nan, np.nan], [-np.inf, -np.inf], [np.inf, 0.0], [np.nan, 1.0]])
    assert softmax(strange).tolist() == [[0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("heat", [0.25, 4.0])
def test_temperature_finds_how_much_a_model_overstates(heat: float) -> None:
    """Labels are drawn from the model's own probabilities; then its scores are overstated or understated."""
    rng = np.random.default_rng(0)
    honest = rng.normal(scale=2, size=(4000, 3))
    drawn = [LABELS[rng.choice(3, p=row)] for row in softmax(honest)]
    examples = Examples.of([""] * 4000, drawn)
    output = OneLabel(LABELS)
    found = output.calibrate((honest * heat).astype(np.float32), examples)
    assert found["temperature"] == pytest.approx(heat, rel=0.1)
    errors = []
    for settings in ({}, found):
        predictions = output.decode(honest.astype(np.float32) * heat, examples, **settings)
        right = np.array([p == t for p, t in zip(predictions.labels, drawn, strict=True)])
        errors.append(calibration_error(np.asarray(predictions.confidence, dtype=np.float64), right))
    assert errors[1] < 0.03 < errors[0]


def test_few_right_answers_do_not_make_a_model_certain() -> None:
    examples = Examples.of([""] * 8, ["a", "b"] * 4)
    scores = np.tile(np.eye(2, dtype=np.float32) * 2, (4, 1))
    output = OneLabel(("a", "b"))
    found = output.calibrate(scores, examples)
    confidence = output.decode(scores, examples, **found).confidence
    assert 0.8 < confidence.max() < 0.97


def test_threshold_gives_the_best_f1() -> None:
    probabilities = np.array([0.9, 0.6, 0.4, 0.35, 0.1])
    right = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    threshold = best_threshold(probabilities, right)
    assert 0.1 < threshold <= 0.35  # three found of three, with one too many: F1 6/7
    assert best_threshold(probabilities, np.zeros(5)) == 0.5


@given(st.integers(0, 10_000))
def test_threshold_is_never_worse_than_any_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = np.round(rng.random(30), 1)  # ties
    right = (rng.random(30) < probabilities).astype(np.float64)

    def f1(threshold: float) -> float:
        chosen = probabilities >= threshold
        return float(2 * (chosen * right).sum() / max(chosen.sum() + right.sum(), 1))

    assert f1(best_threshold(probabilities, right)) >= max(f1(one) for one in np.linspace(0.01, 1, 100)) - 1e-9


def test_rare_labels_share_a_threshold_and_common_ones_have_their_own() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random((200, 3)) < (0.5, 0.2, 0.01)
    labels = [tuple(label for label, holds in zip(LABELS, row, strict=True) if holds) for row in truth]
    examples = Examples.of([""] * 200, labels)
    scores = (truth * 2 - 1 + rng.normal(size=(200, 3))).astype(np.float32)
    output = ManyLabels(LABELS)
    found = output.calibrate(scores, examples)
    predictions = output.decode(scores, examples, temperature=found["temperature"])
    assert predictions.probabilities is not None
    sure = predictions.probabilities.astype(np.float64)
    expected = [best_threshold(sure[:, 0], truth[:, 0]), best_threshold(sure[:, 1], truth[:, 1])]
    shared = best_threshold(sure.ravel(), truth.ravel())
    assert [found["thresholds"][label] for label in LABELS] == pytest.approx([*expected, shared], abs=1e-5)
    assert expected[0] != pytest.approx(expected[1], abs=1e-3)
    answers = output.decode(scores, examples, **found).labels
    assert answers[0] == tuple(
        label for label, p in zip(LABELS, sure[0], strict=True) if p >= found["thresholds"][label]
    )


@given(st.integers(0, 10_000))
def test_a_margin_is_negative_where_the_answer_is_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(2, 20, 3)).astype(np.float32)
    settings = {"temperature": 0.7, "thresholds": {"a": 0.2, "b": 0.9}}
    for output in (OneLabel(LABELS), ManyLabels(LABELS)):
        answers = [output.decode(scores, Examples.of([""] * 20), **settings).labels for scores in (one, other)]
        differ = [before != after for before, after in zip(*answers, strict=True)]
        assert (output.margins(other, answered=one, **settings) < 0).tolist() == differ
        assert np.all(output.margins(one, **settings) >= 0)


def test_margins_are_the_least_way_to_another_answer_in_logits() -> None:
    scores = np.array([[1.0, 4.0, 2.0], [-1.0, 0.5, 3.0]])
    assert OneLabel(LABELS).margins(scores).tolist() == [2.0, 2.5]
    assert ManyLabels(LABELS).margins(scores).tolist() == [1.0, 0.5]
    even = {"temperature": 2.0, "thresholds": {"b": 1 / (1 + np.exp(-1))}}  # b is reached at 2
    assert ManyLabels(LABELS).margins(scores, **even).tolist() == pytest.approx([1.0, 1.0])
    words: Any = [np.array([[3.0, 0.0, 1.0], [0.0, 5.0, 4.5]]), np.zeros((0, 3))]
    assert Spans(("PER",)).margins(words).tolist() == [0.5, np.inf]


def test_answers_are_shown_on_one_line() -> None:
    text = "Ann flew to Oslo"
    assert Spans().show((Span(0, 3, "PER"), Span(12, 16, "LOC")), text) == "Ann (PER), Oslo (LOC)"
    assert ManyLabels().show(("a", "b"), text) == "a, b"
    assert ManyLabels().show((), text) == Spans().show((), text) == "(none)"
    assert OneLabel().show("a", text) == "a"


def test_scores_of_another_shape_are_refused() -> None:
    scores: Any = [np.zeros((2, 5), dtype=np.float32)]
    with pytest.raises(ValueError, match="3 words and 5 tags"):
        Spans(("LOC", "PER")).decode(scores, Examples.of(["one two three"]))
