"""Say which relation holds between two marked stretches of a text (Hendrickx et al., 2010, aclanthology.org/S10-1006).

A text is marked as <e1>flowers</e1> in a <e2>vase</e2>. Which of the two is the head stands in the label, as in
Cause-Effect(e2,e1); without that the first is the head. Other, no_relation and their like say that none holds.
"""

from haoqi.data.answers import CLASS_OF_MARKS
from haoqi.data.relation_names import directed
from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.relation_macro_f1 import relation_macro_f1
from haoqi.evaluate.metrics.relation_micro_f1 import relation_micro_f1
from haoqi.tasks import tasks
from haoqi.tasks.outputs.one_label import OneLabel
from haoqi.tasks.task import Task

EXAMPLE = "The <e1>burst</e1> was caused by water hammer <e2>pressure</e2>."


@tasks.register
def relations(
    labels: tuple[str, ...] = ("Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other"),
) -> Task:
    """Say which relation holds between two stretches that are marked in a text, and in which direction."""
    macro, micro = relation_macro_f1(), relation_micro_f1()
    # Sets whose labels say the direction are scored as SemEval-2010 is, others as TACRED is.
    first = (macro, micro) if directed(labels) else (micro, macro)
    return Task(
        output=OneLabel(tuple(labels), CLASS_OF_MARKS),
        metrics=(*first, accuracy()),
        example=(EXAMPLE, "Cause-Effect(e2,e1)"),
    )
