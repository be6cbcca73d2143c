"""Say what the writer of a message wants."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_text
from haoqi.tasks.task import Task


@tasks.register
def intent(labels: tuple[str, ...] = ("cancel", "complain", "order", "track")) -> Task:
    """Say what the writer of a message wants."""
    return classify_text(
        labels,
        metrics=(accuracy, macro_f1),
        example=("Where is my parcel?", "track"),
    )
