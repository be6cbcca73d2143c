"""Micro F1: precision and recall over all labels together, then their harmonic mean."""

from haoqi.evaluate.counts import counts, f1
from haoqi.evaluate.metric import Metric, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def micro_f1() -> Metric:
    """Return the F1 of all labels counted together: every assigned label weighs the same."""
    return Metric("micro_f1", by_answers(counts), f1)
