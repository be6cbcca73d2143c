"""Say whether one text answers another: question-to-answer matching (Yang, Yih and Meek, 2015, WikiQA, D15-1237)."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.mcc import mcc
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_pair
from haoqi.tasks.task import Task

MEANINGS = {
    **dict.fromkeys(("answer", "match", "relevant"), "answer: the second text answers the first"),
    **dict.fromkeys(
        ("no_answer", "no answer", "no_match", "irrelevant"), "no answer: the second text is of other things"
    ),
    **dict.fromkeys(("匹配", "相关", "回答"), "匹配：后一段回答了前一段"),
    **dict.fromkeys(("不匹配", "无关", "不相关"), "不匹配：后一段说的是别的事"),
}


@tasks.register
def matching(labels: tuple[str, ...] = ("answer", "no answer")) -> Task:
    """Say whether the second text answers the first, as an answer does a question; their order counts."""
    return classify_pair(
        labels,
        metrics=(macro_f1, accuracy, mcc),
        example=(("How do I reset my password?", "Choose 'Forgot password' on the sign-in page."), "answer"),
        meanings=MEANINGS,
    )
