"""Answer F1: the words that an answer shares with the right one (Rajpurkar et al., 2016, arXiv:1606.05250).

Of several right answers the nearest counts. A question without an answer is worth 1 if none was given, else 0
(Rajpurkar et al., 2018, arXiv:1806.03822). Chinese is compared by characters.
"""

from collections.abc import Sequence
from typing import Any

from haoqi.evaluate.answer_texts import best_f1
from haoqi.evaluate.counts import hits, share
from haoqi.evaluate.metric import Metric, Statistics, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def answer_f1() -> Metric:
    """Return the mean over questions of the F1 of words, against the nearest right answer."""
    return Metric("answer_f1", by_answers(_count), share)


def _count(true: Sequence[Any], predicted: Sequence[Any], labels: tuple[str, ...]) -> Statistics:
    return hits([best_f1(*pair) for pair in zip(true, predicted, strict=True)])
