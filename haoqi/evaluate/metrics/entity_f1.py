"""Entity F1: a span is right if its start, its end and its type are (CoNLL-2003; seqeval's default).

Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 shared task", 2003.
"""

from haoqi.evaluate.counts import counts, f1
from haoqi.evaluate.metric import Metric, by_answers
from haoqi.evaluate.metrics import metrics


@metrics.register
def entity_f1() -> Metric:
    """Return the F1 over spans of all types together; a wrong end or type is a miss and an invention."""
    return Metric("entity_f1", by_answers(counts), f1)
