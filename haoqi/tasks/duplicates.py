"""Say whether two questions ask the same, so that one answer serves both (Iyer, Dandekar and Csernai, 2017, Quora)."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.mcc import mcc
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_pair
from haoqi.tasks.task import Task

MEANINGS = {
    **dict.fromkeys(("duplicate", "duplicates"), "duplicate: an answer to the one question answers the other"),
    **dict.fromkeys(("not_duplicate", "not duplicate", "different"), "different: each question needs its own answer"),
    **dict.fromkeys(("重复", "相同"), "重复：回答了一个问题，也就回答了另一个"),
    **dict.fromkeys(("不重复", "不同"), "不同：两个问题要分别回答"),
}


@tasks.register
def duplicates(labels: tuple[str, ...] = ("different", "duplicate")) -> Task:
    """Say whether two questions, tickets or posts ask the same; the order of the two is nothing."""
    return classify_pair(
        labels,
        metrics=(macro_f1, accuracy, mcc),
        example=(("Where is my parcel?", "My order has not come, where is it?"), "duplicate"),
        symmetric=True,
        meanings=MEANINGS,
    )
