"""Say which feeling a text expresses."""

from haoqi.evaluate.metrics.accuracy import accuracy
from haoqi.evaluate.metrics.macro_f1 import macro_f1
from haoqi.tasks import tasks
from haoqi.tasks.classify import classify_text
from haoqi.tasks.task import Task

BAD, MIXED, GOOD = (
    "negative: the writer is unhappy, disappointed or complains",
    "neutral: the writer states facts or is neither pleased nor displeased",
    "positive: the writer is happy, satisfied or recommends it",
)
BAD_ZH, MIXED_ZH, GOOD_ZH = (
    "负面评价：不满意、失望、抱怨",
    "中性评价：陈述事实，没有明显好恶",
    "正面评价：满意、喜欢、推荐",
)
MEANINGS = {
    **dict.fromkeys(("neg", "negative", "bad"), BAD),
    **dict.fromkeys(("neu", "neutral", "mixed"), MIXED),
    **dict.fromkeys(("pos", "positive", "good"), GOOD),
    **dict.fromkeys(("负面", "负向", "消极", "差评", "贬义"), BAD_ZH),
    **dict.fromkeys(("中性", "中立", "中评"), MIXED_ZH),
    **dict.fromkeys(("正面", "正向", "积极", "好评", "褒义"), GOOD_ZH),
    "very negative": "very negative: the writer hates it",
    "very positive": "very positive: the writer loves it",
}


@tasks.register
def sentiment(labels: tuple[str, ...] = ("negative", "neutral", "positive")) -> Task:
    """Say which feeling a text expresses."""
    return classify_text(
        labels,
        metrics=(macro_f1, accuracy),  # the first decides which model is best
        example=("The battery died on day two.", "negative"),
        meanings=MEANINGS,
    )
