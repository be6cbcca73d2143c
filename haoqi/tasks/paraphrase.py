"""Say whether two texts mean the same, whichever comes first (Dolan and Brockett, 2005, IWP)."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.mcc import mcc
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_pair
from haoqi.tasks.task import Task


@tasks.register
def paraphrase(labels: tuple[str, ...] = ("different", "same")) -> Task:
    """Say whether two texts mean the same; the order of the two is nothing."""
    return classify_pair(
        labels,
        metrics=(macro_f1, accuracy, mcc),
        example=(("How do I reset my password?", "I forgot my password, what now?"), "same"),
        symmetric=True,
    )
