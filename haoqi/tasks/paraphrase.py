"""Say whether two texts mean the same, whichever comes first (Dolan and Brockett, 2005, IWP)."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.mcc import mcc
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_pair
from haoqi.tasks.task import Task

MEANINGS = {
    **dict.fromkeys(("same", "paraphrase", "equivalent"), "same: both texts say the same"),
    **dict.fromkeys(("different", "not_paraphrase", "not equivalent"), "different: the texts say different things"),
    **dict.fromkeys(("相同", "相似", "同义"), "相同：两段说的是同一个意思"),
    **dict.fromkeys(("不同", "不相似"), "不同：两段的意思不一样"),
}


@tasks.register
def paraphrase(labels: tuple[str, ...] = ("different", "same")) -> Task:
    """Say whether two texts mean the same; the order of the two is nothing."""
    return classify_pair(
        labels,
        metrics=(macro_f1, accuracy, mcc),
        example=(("How do I reset my password?", "I forgot my password, what now?"), "same"),
        symmetric=True,
        meanings=MEANINGS,
    )
