"""Put the items of a query in order: learning to rank (Liu, 2009, doi:10.1561/1500000016)."""

from haoqi.evaluate.metrics.mrr import mrr
from haoqi.evaluate.metrics.ndcg_at_10 import ndcg_at_10
from haoqi.evaluate.metrics.recall_at_1 import recall_at_1
from haoqi.evaluate.metrics.recall_at_10 import recall_at_10
from haoqi.tasks import tasks
from haoqi.tasks.outputs.relevance import Relevance
from haoqi.tasks.task import Task


@tasks.register
def ranking() -> Task:
    """Put the items of each query in order, by how relevant they are: 0 or 1, or grades from 0 up."""
    return Task(
        output=Relevance(),
        metrics=(ndcg_at_10(), mrr(), recall_at_1(), recall_at_10()),
        example=(("How do I reset my password?", "Choose 'Forgot password' on the sign-in page."), 1.0),
        pairs=True,
        ranks=True,
    )
