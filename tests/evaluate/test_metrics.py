"""Metrics agree with scikit-learn and seqeval, and with sums worked out by hand."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from haoqi.data.examples import Span
from haoqi.evaluate.metric import Metric, count_answers, score_answers, total
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.tags import spans_to_tags, tag_names, tags_to_spans

LABELS = ("a", "b", "c", "d")
TYPES = ("LOC", "PER")
NUMBERS = ("mae", "pearson", "r2", "rmse", "spearman")
RANKINGS = ("mrr", "ndcg_at_10", "recall_at_1", "recall_at_10")
OF_CONTEXTS = ("answer_exact_match", "answer_f1", "no_answer_f1")
WORDS = tuple((3 * place, 3 * place + 2) for place in range(8))

pairs_of_labels = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=25)
sets_of_labels = st.sets(st.sampled_from(LABELS)).map(lambda found: tuple(sorted(found)))
pairs_of_sets = st.lists(st.tuples(sets_of_labels, sets_of_labels), min_size=1, max_size=20)


@st.composite
def sequences(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """Return valid tags of up to eight words: an I follows only its B or I."""
    tags: list[str] = []
    for _ in range(draw(st.integers(1, 8))):
        inner = [f"I-{tags[-1][2:]}"] * 2 if tags and tags[-1] != "O" else []
        tags.append(draw(st.sampled_from(["O", "B-LOC", "B-PER", *inner])))
    return [tuple(tags)]


@st.composite
def tagged(draw: st.DrawFn) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return true and predicted tags of a few sentences, of like lengths."""
    true, predicted = [], []
    for _ in range(draw(st.integers(1, 5))):
        (first,), (second,) = draw(sequences()), draw(sequences())
        shared = min(len(first), len(second))
        true.append(first[:shared])
        predicted.append(second[:shared])
    return true, predicted


def _spans(sentences: list[tuple[str, ...]]) -> list[tuple[Span, ...]]:
    place = {tag: index for index, tag in enumerate(tag_names(TYPES))}
    return [tuple(tags_to_spans([place[tag] for tag in one], WORDS[: len(one)], TYPES)) for one in sentences]


def _sklearn(name: str) -> Callable[..., Any]:
    from sklearn import metrics as theirs

    options = {
        "accuracy": (theirs.accuracy_score, {}),
        "exact_match": (theirs.accuracy_score, {}),
        "macro_f1": (theirs.f1_score, {"average": "macro", "zero_division": 0}),
        "micro_f1": (theirs.f1_score, {"average": "micro", "zero_division": 0}),
        "weighted_f1": (theirs.f1_score, {"average": "weighted", "zero_division": 0}),
        "mcc": (theirs.matthews_corrcoef, {}),
    }
    function, keywords = options[name]
    return lambda true, predicted: float(function(true, predicted, **keywords))


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "micro_f1", "weighted_f1", "mcc", "exact_match"])
@given(pairs=pairs_of_labels)
def test_metric_of_one_label_agrees_with_scikit_learn(name: str, pairs: list[tuple[str, str]]) -> None:
    true, predicted = map(list, zip(*pairs, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one class only, which scikit-learn remarks on
        expected = _sklearn(name)(true, predicted)
    assert score_answers(metrics.build(name), true, predicted, LABELS) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["macro_f1", "micro_f1", "weighted_f1", "exact_match"])
@given(pairs=pairs_of_sets)
def test_metric_of_many_labels_agrees_with_scikit_learn(name: str, pairs: list[Any]) -> None:
    true, predicted = map(list, zip(*pairs, strict=True))
    found = [label for label in LABELS if any(label in side for pair in pairs for side in pair)]
    assume(len(found) != 1)  # scikit-learn takes a single column for two classes
    table = [np.array([[label in one for label in found] for one in side], dtype=int) for side in (true, predicted)]
    expected = _sklearn(name)(*table) if found else (1.0 if name == "exact_match" else 0.0)
    assert score_answers(metrics.build(name), true, predicted, LABELS) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "average"), [("entity_f1", "micro"), ("entity_macro_f1", "macro")])
@given(pair=tagged())
def test_entity_metric_agrees_with_seqeval(name: str, average: str, pair: Any) -> None:
    from seqeval.metrics import f1_score

    true, predicted = pair
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no true or no predicted entity, which seqeval remarks on
        expected = float(f1_score([list(one) for one in true], [list(one) for one in predicted], average=average))
    measured = score_answers(metrics.build(name), _spans(true), _spans(predicted), TYPES)
    assert measured == pytest.approx(0.0 if np.isnan(expected) else expected)


@given(pair=tagged())
def test_spans_are_the_same_after_tags(pair: Any) -> None:
    for spans, tags in zip(_spans(pair[0]), pair[0], strict=True):
        words = WORDS[: len(tags)]
        again = spans_to_tags(spans, words, TYPES)
        assert tuple(tag_names(TYPES)[index] for index in again) == tags
        assert tuple(tags_to_spans(again, words, TYPES)) == spans


@pytest.mark.parametrize("name", sorted(set(metrics.names()) - {*NUMBERS, *RANKINGS}))
@given(pairs=pairs_of_sets)
def test_statistics_add_up_and_scores_take_leading_axes(name: str, pairs: list[Any]) -> None:
    metric: Metric = metrics.build(name)
    true, predicted = map(list, zip(*pairs, strict=True))
    if name in ("accuracy", "mcc", "relation_macro_f1", "relation_micro_f1"):
        true, predicted = [str(one) for one in true], [str(one) for one in predicted]
    if name in OF_CONTEXTS:
        true, predicted = ([tuple(Span(0, 1, text) for text in one) for one in side] for side in (true, predicted))
    rows = count_answers(metric, true, predicted, LABELS).toarray()
    assert rows.shape[0] == len(pairs)
    np.testing.assert_allclose(rows.sum(axis=0), total(count_answers(metric, true, predicted, LABELS)))
    stacked = metric.score(np.stack([[rows.sum(axis=0)] * 2] * 3))
    np.testing.assert_allclose(stacked, np.full((3, 2), score_answers(metric, true, predicted, LABELS)))
    assert -1.0 <= stacked[0, 0] <= 1.0


def _of_numbers(name: str) -> Callable[[Any, Any], float]:
    from scipy import stats
    from sklearn import metrics as theirs

    options: dict[str, Callable[[Any, Any], Any]] = {
        "mae": theirs.mean_absolute_error,
        "rmse": theirs.root_mean_squared_error,
        "r2": theirs.r2_score,
        "pearson": lambda true, given: stats.pearsonr(true, given).statistic,
        "spearman": lambda true, given: stats.spearmanr(true, given).statistic,
    }
    return lambda true, given: float(options[name](true, given))


@pytest.mark.parametrize("name", NUMBERS)
@given(pairs=st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=3, max_size=25))
def test_metric_of_numbers_agrees_with_others(name: str, pairs: list[tuple[int, int]]) -> None:
    true, predicted = ([float(one) for one in side] for side in zip(*pairs, strict=True))
    assume(len(set(true)) > 1 and len(set(predicted)) > 1)
    assert score_answers(metrics.build(name), true, predicted) == pytest.approx(_of_numbers(name)(true, predicted))


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_are_all_the_same_explain_nothing_and_break_nothing(name: str) -> None:
    metric = metrics.build(name)
    assert score_answers(metric, [3.0, 3.0, 3.0], [3.0, 3.0, 3.0]) == 0.0
    assert np.isfinite(score_answers(metric, [1.0, 2.0, 6.0], [3.0, 3.0, 3.0]))


@pytest.mark.parametrize("name", metrics.names())
def test_merits_rise_with_quality_and_come_back_from_the_unit_interval(name: str) -> None:
    metric = metrics.build(name)
    worst = max(metric.merits[0], -3.0) if metric.most > 1 else max(metric.merits[0], 0.0)
    merits = np.linspace(worst, min(metric.merits[1], 3.0), 7)
    units = [metric.to_unit(float(merit)) for merit in merits]
    assert units == sorted(units)
    assert all(0 <= unit <= 1 for unit in units)
    assert [metric.from_unit(unit) for unit in units] == pytest.approx(merits.tolist())
    assert metric.shown(metric.shown(0.25)) == 0.25


@pytest.mark.parametrize("name", metrics.names())
def test_metric_of_nothing_is_zero(name: str) -> None:
    assert score_answers(metrics.build(name), [], [], LABELS) == 0.0


@pytest.mark.parametrize("name", metrics.names())
def test_metric_is_called_by_its_file(name: str) -> None:
    assert metrics.build(name).name == name
    assert metrics.describe(name)


def test_entity_f1_worked_out_by_hand() -> None:
    true = [(Span(0, 5, "PER"), Span(9, 12, "LOC")), (Span(0, 3, "LOC"),)]
    predicted = [(Span(0, 5, "PER"), Span(9, 14, "LOC")), (Span(0, 3, "PER"),)]
    # one of three is right; a wrong end and a wrong type count twice: precision 1/3, recall 1/3
    assert score_answers(metrics.build("entity_f1"), true, predicted, TYPES) == pytest.approx(1 / 3)
    # PER: 1 right, 1 true, 2 predicted, F1 2/3; LOC: none right
    assert score_answers(metrics.build("entity_macro_f1"), true, predicted, TYPES) == pytest.approx(1 / 3)


def test_macro_f1_worked_out_by_hand() -> None:
    # a: precision 1, recall 1/2, F1 2/3; b: precision 1/2, recall 1, F1 2/3; c does not occur
    assert score_answers(metrics.build("macro_f1"), ["a", "a", "b"], ["a", "b", "b"], LABELS) == pytest.approx(2 / 3)


def test_label_outside_the_vocabulary_counts_as_a_label() -> None:
    assert score_answers(metrics.build("macro_f1"), ["a", "new"], ["a", "a"], ("a",)) == pytest.approx((2 / 3 + 0) / 2)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="2 true labels against 1"):
        score_answers(metrics.build("macro_f1"), ["a", "b"], ["a"], LABELS)
