"""Answers in contexts: the best stretch, none where it leads too little, and honest probabilities."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Examples, Span
from haoqi.tasks.outputs.context_span import ALWAYS, ContextSpan
from haoqi.tasks.words import context_words

OUTPUT = ContextSpan()
CONTEXTS = ["Ann Lee flew to Oslo on 3 May.", "它建于1998年，位于北京。", "", "  (x) ", "a b\tc\n d"]


def asked(contexts: list[str], labels: list[object] | None = None) -> Examples:
    """Return a question on each context."""
    examples = Examples.of(["Where?"] * len(contexts), labels)
    return replace(examples, contexts=contexts)


def scores_of(contexts: list[str], seed: int) -> list[np.ndarray]:
    """Return random scores."""
    rng = np.random.default_rng(seed)
    words = context_words(asked(contexts))
    return [rng.normal(size=(1 + len(one), 2)).astype(np.float32) * 3 for one in words]


@given(st.integers(0, 500), st.lists(st.sampled_from(CONTEXTS), min_size=1, max_size=5), st.integers(1, 9))
def test_every_answer_is_a_stretch_of_its_context_at_words(seed: int, contexts: list[str], longest: int) -> None:
    examples, scores = asked(contexts), scores_of(contexts, seed)
    found = OUTPUT.decode(scores, examples, longest=longest)
    for label, context, words in zip(found.labels, contexts, context_words(examples), strict=True):
        if not label:
            continue
        ((start, end, text),) = label
        assert text == context[start:end] and text.strip() == text != ""
        inside = [one for one in words if start <= one[0] and one[1] <= end]
        assert 1 <= len(inside) <= longest
        assert (inside[0][0], inside[-1][1]) == (start, end)


@given(st.integers(0, 300))
def test_the_answer_and_its_probability_are_those_of_trying_all_stretches(seed: int) -> None:
    context, longest, temperature, threshold = CONTEXTS[0], 3, 1.7, 0.4
    (scores,) = scores_of([context], seed)
    (words,) = context_words(asked([context]))
    tried = {
        (i, j): float(scores[1 + i, 0] + scores[1 + j, 1])
        for i in range(len(words))
        for j in range(i, min(len(words), i + longest))
    }
    none = float(scores[0].sum()) + threshold
    total = sum(np.exp(one / temperature) for one in [*tried.values(), none])
    best = max(tried, key=lambda pair: tried[pair])
    fitted = {"longest": longest, "temperature": temperature, "threshold": threshold}
    found = OUTPUT.decode([scores], asked([context]), **fitted)
    if tried[best] > none:
        assert found.labels[0][0][:2] == (words[best[0]][0], words[best[1]][1])
        assert found.confidence is not None
        assert found.confidence[0] == pytest.approx(np.exp(tried[best] / temperature) / total)
    else:
        assert found.labels == [()]
        assert found.confidence is not None
        assert found.confidence[0] == pytest.approx(np.exp(none / temperature) / total)


def test_targets_are_the_words_that_right_answers_touch_and_the_first_row_for_none() -> None:
    context = "In 1960s' Oslo 第三年"
    labels = [(Span(3, 7, "1960"), Span(15, 17, "第三")), ()]
    words = context_words(asked([context]))[0]
    assert [context[a:b] for a, b in words] == ["In", "1960s", "'", "Oslo", "第", "三", "年"]
    first, second = OUTPUT.targets(asked([context, context], labels))
    assert first.tolist() == [[2, 2], [5, 6]]
    assert second.tolist() == [[0, 0]]
    with pytest.raises(ValueError, match="outside"):
        OUTPUT.targets(asked(["a"], [(Span(5, 6, "x"),)]))
    with pytest.raises(ValueError, match="unlabelled"):
        OUTPUT.targets(asked(["a"]))


def test_cells_that_are_no_places_are_refused_with_the_reason() -> None:
    assert OUTPUT.read([(4, 8, "Oslo"), (0, 2, "In")]) == (Span(0, 2, "In"), Span(4, 8, "Oslo"))
    assert OUTPUT.read(()) == ()
    for raw in ("Oslo", ["Oslo"]):
        with pytest.raises(ValueError, match="'Oslo' does not stand in its context"):
            OUTPUT.read(raw)


def planted(count: int, seed: int = 0) -> tuple[list[np.ndarray], Examples]:
    """Return scores in which an answer leads none by about 2 where there is one, and trails it by about 1 elsewhere."""
    rng = np.random.default_rng(seed)
    contexts = ["one two three four five six"] * count
    scores, labels = [], []
    for _ in range(count):
        own = rng.normal(size=(7, 2)).astype(np.float32) * 0.3
        place, there = int(rng.integers(1, 7)), rng.random() < 0.7
        own[place] += 3
        own[0] += 5.0  # so loud that plain scores would hardly ever answer
        own[0] -= 1.0 * there
        scores.append(own)
        start = [0, 4, 8, 14, 19, 24][place - 1]
        text = contexts[0].split()[place - 1]
        labels.append((Span(start, start + len(text), text),) if there else ())
    return scores, asked(contexts, labels)


def test_the_lead_that_an_answer_needs_is_fitted_where_some_have_none() -> None:
    scores, examples = planted(300)
    plain = OUTPUT.decode(scores, examples)
    assert sum(map(bool, plain.labels)) < 30
    fitted = json.loads(json.dumps(OUTPUT.calibrate(scores, examples)))
    assert -5.0 < fitted["threshold"] < -2.0
    other, held = planted(300, seed=1)
    found = OUTPUT.decode(other, held, **fitted)
    right = sum(bool(one) == bool(label) for one, label in zip(held.labels, found.labels, strict=True))
    assert right > 270


def test_where_all_have_an_answer_none_is_never_left_out_and_lengths_are_those_of_answers() -> None:
    scores, examples = planted(100)
    rows = [row for row, label in enumerate(examples.labels) if label]
    known = examples.take(rows)
    fitted = OUTPUT.calibrate([scores[row] for row in rows], known)
    assert fitted["threshold"] == ALWAYS
    assert fitted["longest"] == 1
    assert all(OUTPUT.decode([scores[row] for row in rows], known, **fitted).labels)


def test_confidence_is_as_often_right_as_it_says() -> None:
    scores, examples = planted(600)
    loud = [one * 6 for one in scores]  # six times too sure
    fitted, plain = OUTPUT.calibrate(loud, examples), OUTPUT.calibrate(scores, examples)
    found = OUTPUT.decode(loud, examples, **fitted)
    assert fitted["temperature"] == pytest.approx(6 * plain["temperature"], rel=0.05)
    assert found.confidence is not None
    right = np.array([one == label for one, label in zip(examples.labels, found.labels, strict=True)])
    assert abs(found.confidence.mean() - right.mean()) < 0.1
    surer = np.argsort(found.confidence)
    assert right[surer[300:]].mean() >= right[surer[:300]].mean()


def test_unlabelled_examples_teach_nothing() -> None:
    scores = scores_of(CONTEXTS[:2], 0)
    fitted = OUTPUT.calibrate(scores, asked(CONTEXTS[:2], [None, None]))
    assert fitted["temperature"] == 1.0
    assert OUTPUT.show((), "") == "(no answer)"
    assert OUTPUT.show((Span(0, 2, "In"), Span(5, 7, "In")), "") == "In"


@given(st.integers(0, 200))
def test_margins_are_half_of_what_leads_and_negative_where_another_answer_is_given(seed: int) -> None:
    contexts = CONTEXTS[:2]
    one, other = scores_of(contexts, seed), scores_of(contexts, seed + 1000)
    examples = asked(contexts)
    mine, theirs = (OUTPUT.decode(scores, examples).labels for scores in (one, other))
    margins = OUTPUT.margins(one, answered=other)
    for row in range(2):
        assert (margins[row] >= 0) == (mine[row] == theirs[row])
    assert (OUTPUT.margins(one) >= 0).all()
    assert [a <= b for a, b in pairwise(sorted(margins.tolist()))]
