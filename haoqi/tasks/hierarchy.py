"""Give every text one label of a tree, as far down as it is sure."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.hierarchical_f1 import hierarchical_f1
from haoqi.evaluate.metrics.level_accuracy import level_accuracy
from haoqi.evaluate.metrics.top_level_accuracy import top_level_accuracy
from haoqi.tasks import tasks
from haoqi.tasks.outputs.label_path import LabelPath
from haoqi.tasks.task import Task


@tasks.register
def hierarchy(labels: tuple[str, ...] = ("sports/football", "sports/tennis", "travel/hotels", "travel/trains")) -> Task:
    """Say which path in a tree of labels fits a text."""
    return Task(
        output=LabelPath(tuple(labels)),
        metrics=(hierarchical_f1(), accuracy(), level_accuracy(), top_level_accuracy()),
        example=("The keeper saved the penalty in the last minute.", "sports/football"),
    )
