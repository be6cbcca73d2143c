"""Hierarchical F1 of paths in a tree: each level of a path counts.

Kiritchenko, Matwin and Famili, "Functional annotation of genes using hierarchical text categorization", 2005; Silla and
Freitas, "A survey of hierarchical classification across different application domains", 2011,
doi:10.1007/s10618-010-0175-9.
"""

from haoqi.evaluate.counts import f1
from haoqi.evaluate.metric import Metric, by_answers
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.path_counts import shared_nodes


@metrics.register
def hierarchical_f1() -> Metric:
    """Return the F1 over the nodes of all paths, the root left out: a wrong leaf under the right parent is half right.

    Precision is the share of the answered nodes that are true, recall the share of the true nodes that are answered,
    both over all examples together, so that deep paths count more than short ones.
    """
    return Metric("hierarchical_f1", by_answers(shared_nodes), f1)
