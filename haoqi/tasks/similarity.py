"""Say how like two texts are, as a number: semantic textual similarity (Cer et al., 2017, arXiv:1708.00055)."""

from haoqi.evaluate.metrics.pearson import pearson
from haoqi.evaluate.metrics.r2 import r2
from haoqi.evaluate.metrics.rmse import rmse
from haoqi.evaluate.metrics.spearman import spearman
from haoqi.tasks import tasks
from haoqi.tasks.outputs.number import Number
from haoqi.tasks.task import Task


@tasks.register
def similarity() -> Task:
    """Say how like two texts are, as a number; the order of the two is nothing."""
    return Task(
        output=Number(),
        metrics=(pearson(), spearman(), r2(), rmse()),
        example=(("A plane is taking off.", "An air plane is taking off."), 5.0),
        pairs=True,
        symmetric=True,
    )
