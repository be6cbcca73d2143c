"""Give every text any number of labels of a list, none included."""

from haoqi.evaluate.metrics.exact_match import exact_match
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.micro_f1 import micro_f1
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_text
from haoqi.tasks.task import Task


@tasks.register
def multilabel(labels: tuple[str, ...] = ("delivery", "price", "quality")) -> Task:
    """Say which of these labels fit a text."""
    return classify_text(
        labels,
        metrics=(micro_f1, macro_f1, exact_match),
        example=("It came late and was far too expensive.", ("delivery", "price")),
    )
