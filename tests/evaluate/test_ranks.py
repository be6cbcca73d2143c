"""Metrics of ranking agree with scikit-learn and with all orders of equal scores; queries are resampled whole."""

from dataclasses import replace
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from haoqi.data.examples import Examples
from haoqi.evaluate.metric import Labels, total
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions

NAMES = ("ndcg_at_10", "mrr", "recall_at_1", "recall_at_10")
ITEMS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 3.0]), st.sampled_from([0.1, 0.2, 0.5])), min_size=1, max_size=5
).filter(lambda items: any(grade for grade, _ in items))


def score(name: str, queries: list[str], grades: list[float], scores: list[float]) -> float:
    return float(metrics.build(name)(Examples.of(queries, grades), Predictions(list(scores)), Labels()))


def in_strict_order(name: str, grades: list[float]) -> float:
    """Return a metric of items in this order, as textbooks have it."""
    relevant = [place for place, grade in enumerate(grades) if grade > 0]
    if name == "mrr":
        return 1 / (1 + relevant[0])
    if name.startswith("recall"):
        return sum(place < int(name.rpartition("_")[2]) for place in relevant) / len(relevant)
    gain = sum(grade / np.log2(2 + place) for place, grade in enumerate(grades[:10]))
    best = sum(grade / np.log2(2 + place) for place, grade in enumerate(sorted(grades, reverse=True)[:10]))
    return float(gain / best)


@pytest.mark.parametrize("name", NAMES)
@given(items=ITEMS)
def test_a_query_scores_the_mean_of_all_orders_that_its_scores_allow(
    name: str, items: list[tuple[float, float]]
) -> None:
    orders = [order for order in permutations(items) if all(a[1] >= b[1] for a, b in pairwise(order))]
    wanted = np.mean([in_strict_order(name, [grade for grade, _ in order]) for order in orders])
    found = score(name, ["q"] * len(items), [grade for grade, _ in items], [given for _, given in items])
    assert found == pytest.approx(wanted)


def test_ndcg_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        grades, scores = rng.integers(0, 4, 25).astype(float), rng.integers(0, 9, 25) / 4
        wanted = ndcg_score(grades[None], scores[None], k=10)
        assert score("ndcg_at_10", ["q"] * 25, grades.tolist(), scores.tolist()) == pytest.approx(wanted)


def test_the_mean_is_over_queries_and_one_without_a_relevant_item_is_left_out() -> None:
    queries = ["a", "b", "a", "c", "b", "c"]
    grades, scores = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [0.9, 0.9, 0.1, 0.5, 0.1, 0.4]
    assert score("mrr", queries, grades, scores) == pytest.approx((1 + 1 / 2) / 2)
    assert score("mrr", ["c"], [0.0], [1.0]) == 0.0
    assert score("recall_at_1", queries, grades, scores) == pytest.approx(0.5)


def test_equal_texts_of_two_groups_are_two_queries() -> None:
    examples = replace(Examples.of(["a"] * 4, [1.0, 0.0, 0.0, 1.0]), groups=["x", "x", "y", "y"])
    counted = metrics.build("mrr").count(examples, Predictions([2.0, 1.0, 2.0, 1.0]), Labels())
    assert counted.toarray().tolist() == [[1.0, 1.0], [0.5, 1.0]]


def _set(seed: int, queries: int = 60) -> tuple[Examples, Predictions, Predictions]:
    """Return queries of two to forty items, and two models' scores, the first one's the better."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 41, queries)
    texts = [f"query {query}" for query in range(queries) for _ in range(sizes[query])]
    grades = np.concatenate([np.eye(size)[rng.integers(size)] for size in sizes])
    order = rng.permutation(len(texts))  # the items of a query need not stand together
    examples = Examples.of([texts[row] for row in order], grades[order].tolist())
    answers = [(grades * strength + rng.normal(size=len(grades)))[order].tolist() for strength in (1.5, 1.0)]
    return examples, Predictions(answers[0]), Predictions(answers[1])


def _of_queries(name: str, examples: Examples, answers: Predictions) -> Any:
    """Return the score of each query alone."""
    found = []
    for query in dict.fromkeys(examples.texts):
        rows = [row for row, text in enumerate(examples.texts) if text == query]
        found.append(metrics.build(name)(examples.take(rows), answers.take(rows), Labels()))
    return np.array(found)


@pytest.mark.parametrize("name", NAMES)
def test_intervals_are_those_of_a_bootstrap_that_draws_whole_queries(name: str) -> None:
    examples, answers, _ = _set(1)
    metric = metrics.build(name)
    counted = metric.count(examples, answers, Labels())
    assert counted.shape == (60, 2)
    alone, rng = _of_queries(name, examples, answers), np.random.default_rng(5)
    drawn = [alone[rng.integers(60, size=60)].mean() for _ in range(20_000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = metric.interval(counted, rng=np.random.default_rng(0))
    assert float(metric.score(total(counted))) == pytest.approx(alone.mean())
    assert found.low == pytest.approx(low, abs=0.03)
    assert found.high == pytest.approx(high, abs=0.03)


@pytest.mark.parametrize("name", NAMES)
def test_the_paired_test_swaps_and_draws_whole_queries(name: str) -> None:
    examples, better, worse = _set(2)
    metric = metrics.build(name)
    first, second = (metric.count(examples, answers, Labels()) for answers in (better, worse))
    gaps = _of_queries(name, examples, better) - _of_queries(name, examples, worse)
    rng = np.random.default_rng(7)
    signs = rng.choice([-1.0, 1.0], size=(20_000, 60))
    p_value = float((np.abs((signs * gaps).mean(axis=1)) >= abs(gaps.mean()) - 1e-12).mean())
    low, high = np.quantile([gaps[rng.integers(60, size=60)].mean() for _ in range(20_000)], [0.025, 0.975])
    found = metric.compare(first, second, rng=np.random.default_rng(0), samples=4000)
    assert found.difference == pytest.approx(gaps.mean())
    assert found.p_value == pytest.approx(p_value, abs=0.02)
    assert found.low == pytest.approx(low, abs=0.03)
    assert found.high == pytest.approx(high, abs=0.03)


def test_an_interval_over_rows_would_be_too_narrow() -> None:
    """Items of one query are no independent evidence: the interval is that of sixty queries, not of all items."""
    examples, answers, _ = _set(3)
    metric = metrics.build("recall_at_1")
    found = metric.interval(metric.count(examples, answers, Labels()), rng=np.random.default_rng(0))
    share = score("recall_at_1", examples.texts, examples.labels, answers.labels)
    assert found.high - found.low > 1.5 * 1.96 * 2 * np.sqrt(share * (1 - share) / len(examples)) > 0
