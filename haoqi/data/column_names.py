"""What the name of a column says of it: a usual name of a text, of a label, or of what is neither."""

import csv
import re
from collections.abc import Sequence

_TEXTS = """text texts sentence content review comment message body utterance query question document tweet description
    article summary abstract post passage paragraph headline title subject premise input prompt instruction says reviews
    comments messages tweets sentences utterances queries transcript feedback remark note narrative complaint statement
    文本 内容 评论 句子 正文 文章 标题 问题 评价 留言 描述 摘要"""
_LABELS = """label labels class category intent sentiment topic target tag tags y polarity emotion stars rating overall score
    queue classification gold answer type categories classes intents emotions topics department relation relations rel
    stance toxicity toxic spam sarcasm output completion choice choices mood genre entities spans ner annotation
    标签 类别 情感 分类 类型 意图 评分 类目 标注 情绪 主题 等级 星级"""
# Usual names of columns, the most telling first.
TEXTS, LABELS = _TEXTS.split(), _LABELS.split()
# Of these a text may be called too, where nothing else is one.
_EITHER = frozenset(
    """topic answer type score queue y complaint subject title output completion note spam""".split()  # noqa: SIM905
)
# What stands over a text rather than being all of it.
_HEADS = frozenset("title headline subject summary 标题 摘要".split())  # noqa: SIM905
_NEITHER = frozenset(
    """id ids uuid guid index idx key no nr num row rowid hash md5 sha checksum date dates time times timestamp
    datetime created updated modified at annotator annotators worker assignment user users username
    userid author reviewer customer lang language locale split fold set subset partition confidence probability prob
    agreement votes count counts length len size url urls link links file files filename path image img audio lat
    lon latitude longitude geo location country meta metadata template version seed ip email phone isbn asin sku
    price duration start end offset position page pages source sources origin channel verified retweets likes replies views
    编号 序号 时间 日期 用户 链接 来源""".split()  # noqa: SIM905
)
# Words of what a model said, which is no label that a person gave.
_GUESSED = frozenset("predicted prediction predictions pred suggestion suggestions suggested".split())  # noqa: SIM905
_ORDINARY = re.compile(r"(?<=[a-z])(?=[A-Z])|[^\w]+|_+|(?<=[a-z])(?=\d)")
SPLIT_NAMES = frozenset(
    """split splits set subset partition fold part dataset usage""".split()  # noqa: SIM905
)


def cut_names(said: str) -> list[str]:
    """Return the names of columns that a flag holds, with commas between; one that holds a comma stands in quotes.

    >>> cut_names('title, "in words, short"')
    ['title', 'in words, short']
    """
    return [one.strip() for one in next(csv.reader([said], skipinitialspace=True), []) if one.strip()]


def join_names(names: Sequence[str]) -> str:
    """Return names of columns as a flag has them: with commas between, those that hold a comma in quotes."""
    return ",".join(f'"{name}"' if "," in name else name for name in names)


def words_of(name: str) -> list[str]:
    """Return the words of a column's name, in lower case.

    >>> words_of("airline_sentiment"), words_of("userSays"), words_of("Review Text")
    (['airline', 'sentiment'], ['user', 'says'], ['review', 'text'])
    """
    return [word.lower() for word in _ORDINARY.split(name.strip()) if word]


def text_name(name: str) -> float:
    """Return how much a name speaks for a column of texts: 1 a usual name, 0 nothing, -1 it speaks against it.

    >>> text_name("text"), text_name("userText"), text_name("text_id"), text_name("label"), text_name("Nachricht")
    (1.0, 0.8, -1.0, -1.0, 0.0)
    >>> text_name("Review Text"), text_name("title")
    (1.0, 0.9)
    """
    plain, words = name.strip().lower(), words_of(name)
    if words and words[-1] in _HEADS and all(word in TEXTS for word in words):
        return 0.9
    if plain in TEXTS or (words and words[-1] not in LABELS and all(word in TEXTS for word in words)):
        return 1.0
    if plain in LABELS or (words and words[-1] in LABELS and words[-1] not in TEXTS):
        return -0.5 if words and words[-1] in _EITHER else -1.0
    if words and words[-1] in _NEITHER:
        return -1.0
    if words and words[-1] in TEXTS:
        return 0.8
    return 0.5 if any(word in TEXTS[:20] for word in words) else 0.0


def label_name(name: str) -> float:
    """Return how much a name speaks for a column of labels: towards 1 a usual name, 0 nothing, -1 it speaks against it.

    >>> label_name("label") > label_name("intent") > label_name("airline_sentiment") > label_name("mood_of_it")
    True
    >>> label_name("template_id"), label_name("sentiment_confidence")
    (-1.0, -1.0)
    """
    plain, words = name.strip().lower(), words_of(name)
    if plain in LABELS:
        return 1.0 - LABELS.index(plain) / 1000
    if not words or words[-1] in _NEITHER or plain in _NEITHER or _GUESSED.intersection(words):
        near = len(words) > 1 and words[-1] in ("id", "no", "num") and words[-2] in LABELS[:8]
        return 0.4 if near else -1.0 if words else 0.0
    if words[-1] in LABELS:
        # gold_label tells more than a lone genre or type.
        return 0.985 if words[-1] == "label" else 0.8 - LABELS.index(words[-1]) / 1000
    told = [LABELS.index(word) for word in words if word in LABELS]
    return 0.5 - min(told) / 1000 if told else 0.0


def second_of(first: str, names: list[str]) -> str | None:
    """Return the column that is the second where a column's name says it is the first of two texts.

    >>> second_of("#1 String", ["Quality", "#1 String", "#2 String"]), second_of("text_a", ["text_a", "text_b"])
    ('#2 String', 'text_b')
    """
    lower = {name.strip().lower(): name for name in names}
    plain = first.strip().lower()
    if plain.isdecimal():
        return None  # a column without a name
    for one, other in _PAIRS:
        if plain == one and other in lower:
            return lower[other]
    for one, other in (("1", "2"), ("a", "b"), ("one", "two"), ("left", "right"), ("first", "second")):
        for place in (
            match.start() for match in re.finditer(rf"(?<![a-z0-9]){one}(?![a-z0-9])|(?<=[a-z]){one}$", plain)
        ):
            twin = plain[:place] + other + plain[place + len(one) :]
            if twin != plain and twin in lower and (one != "a" or place > 0):
                return lower[twin]
    return None


_PAIRS = (
    ("premise", "hypothesis"),
    ("question", "answer"),
    ("question", "context"),
    ("question", "passage"),
    ("question", "sentence"),
    ("query", "document"),
    ("query", "passage"),
    ("query", "title"),
    ("abstract", "keywords"),
    ("abst", "keyword"),
    ("context", "response"),
)
