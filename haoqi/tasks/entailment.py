"""Say what one text says of another: natural language inference (Bowman et al., 2015, arXiv:1508.05326)."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.evaluate.metrics.mcc import mcc
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_pair
from haoqi.tasks.task import Task

FOLLOWS, OPEN, AGAINST = (
    "entailment: if the first text is true, the second one is, too",
    "neutral: the second text may be true or not, whatever the first one says",
    "contradiction: if the first text is true, the second one cannot be",
)
FOLLOWS_ZH, OPEN_ZH, AGAINST_ZH = (
    "蕴含：前一段为真，后一段就为真",
    "中立：前一段为真时，后一段可真可假",
    "矛盾：前一段为真，后一段就不可能为真",
)
MEANINGS = {
    **dict.fromkeys(("entailment", "entails", "entailed"), FOLLOWS),
    **dict.fromkeys(("neutral", "unknown"), OPEN),
    **dict.fromkeys(("contradiction", "contradicts", "contradictory"), AGAINST),
    **dict.fromkeys(("not_entailment", "not entailment"), "not entailment: the second text does not follow"),
    **dict.fromkeys(("蕴含", "蕴涵", "蘊含"), FOLLOWS_ZH),
    **dict.fromkeys(("中立", "中性", "无关"), OPEN_ZH),
    **dict.fromkeys(("矛盾", "冲突"), AGAINST_ZH),
}


@tasks.register
def entailment(labels: tuple[str, ...] = ("contradiction", "entailment", "neutral")) -> Task:
    """Say whether the second of two texts follows from the first; also any other class of two texts in their order."""
    return classify_pair(
        labels,
        metrics=(macro_f1, accuracy, mcc),
        example=(("Two dogs run on the beach.", "Animals are outdoors."), "entailment"),
        meanings=MEANINGS,
    )
