"""Give every text one label of a list, two labels or many."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.mcc import mcc
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_text
from haoqi.tasks.task import Task


@tasks.register
def classification(labels: tuple[str, ...] = ("ham", "spam")) -> Task:
    """Say which of these labels fits a text."""
    return classify_text(
        labels,
        metrics=(macro_f1, accuracy, mcc),
        example=("You have won a prize, click here to claim it.", "spam"),
    )
