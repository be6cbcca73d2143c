"""Say what one text says of another: natural language inference (Bowman et al., 2015, arXiv:1508.05326)."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.mcc import mcc
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_pair
from haoqi.tasks.task import Task


@tasks.register
def entailment(labels: tuple[str, ...] = ("contradiction", "entailment", "neutral")) -> Task:
    """Say whether the second of two texts follows from the first; also any other class of two texts in their order."""
    return classify_pair(
        labels,
        metrics=(macro_f1, accuracy, mcc),
        example=(("Two dogs run on the beach.", "Animals are outdoors."), "entailment"),
    )
