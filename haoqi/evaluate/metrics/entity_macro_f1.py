"""Entity macro F1: the mean over span types of entity F1."""

from haoqi.evaluate.counts import counts_by_label
from haoqi.evaluate.metric import Metric, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.metrics.macro_f1 import mean_f1


@metrics.register
def entity_macro_f1() -> Metric:
    """Return the mean of the types' entity F1: a rare type counts as much as a common one."""
    return Metric("entity_macro_f1", by_answers(counts_by_label), mean_f1)
