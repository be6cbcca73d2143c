"""Exact match of answers, but for case, marks, articles and white space (Rajpurkar et al., 2016, arXiv:1606.05250)."""

from collections.abc import Sequence
from typing import Any

from haoqi.evaluate.answer_texts import is_exact
from haoqi.evaluate.counts import hits, share
from haoqi.evaluate.metric import Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def answer_exact_match() -> Metric:
    """Return the share of questions whose answer is one of the right ones; none where none is right."""
    return Metric("answer_exact_match", by_answers(_count), share)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    return hits([is_exact(*pair) for pair in zip(true, predicted, strict=True)])
