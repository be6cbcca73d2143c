"""Say a number about a text: a rating, a price, a strength."""

from haoqi.evaluate.metrics.mae import mae
from haoqi.evaluate.metrics.r2 import r2
from haoqi.evaluate.metrics.rmse import rmse
from haoqi.evaluate.metrics.spearman import spearman
from haoqi.tasks import tasks
from haoqi.tasks.outputs.number import Number
from haoqi.tasks.task import Task


@tasks.register
def regression() -> Task:
    """Say a number about a text, with an interval that is to hold the right one nine times of ten."""
    return Task(
        output=Number(),
        metrics=(r2(), rmse(), mae(), spearman()),
        example=("Five stars, would stay again.", 5.0),
    )
