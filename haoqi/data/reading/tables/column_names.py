"""What the name of a column says of it: a usual name of a text, of a label, or of what is neither."""

import csv
import re
from collections.abc import Sequence

from haoqi.data.reading.tables.column_words import LABELS, NEITHER, TEXTS

__all__ = [
    "LABELS",
    "SPLIT_NAMES",
    "TEXTS",
    "cut_names",
    "is_guessed",
    "join_names",
    "label_name",
    "second_of",
    "text_name",
    "words_of",
]

# Of these a text may be called too, where nothing else is one.
_EITHER = frozenset(
    """topic answer type score queue y complaint subject title output completion note spam""".split()  # noqa: SIM905
)
# What stands over a text rather than being all of it.
_HEADS = frozenset("title headline subject summary 标题 摘要".split())  # noqa: SIM905
# Words of what a model or one of several people said, which is not what was settled on.
_GUESSED = frozenset(
    """predicted prediction predictions pred suggestion suggestions suggested annotator rater coder judge worker
    labeler labeller""".split()  # noqa: SIM905
)
_ORDINARY = re.compile(r"(?<=[a-z])(?=[A-Z])|[^\w]+|_+|(?<=[a-z])(?=\d)")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff]")
_WIDE_WORDS = re.compile(
    "(" + "|".join(sorted((w for w in (*TEXTS, *LABELS, *NEITHER) if _WIDE.search(w)), key=len, reverse=True)) + ")"
)
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
    found = [word.lower() for word in _ORDINARY.split(name.strip()) if word]
    return [part for word in found for part in ([word] if word.isascii() else _parts(word))]


def _parts(word: str) -> list[str]:
    """Return a word of a script without spaces as the usual names that it is made of, with what stands before them.

    >>> _parts("用户反馈"), _parts("您的问题类型是"), _parts("catégorie")
    (['用户', '反馈'], ['您的', '问题', '类型', '是'], ['catégorie'])
    """
    return [part for part in _WIDE_WORDS.split(word) if part] if _WIDE.search(word) else [word]


def text_name(name: str) -> float:
    """Return how much a name speaks for a column of texts: 1 a usual name, 0 nothing, -1 it speaks against it.

    >>> text_name("text"), text_name("userText"), text_name("text_id"), text_name("label"), text_name("Zeugs")
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
    if words and words[-1] in NEITHER:
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
    if plain.rsplit(".", 1)[-1].startswith("_"):
        return -1.0  # so programs call what is for them
    if plain in LABELS:
        return 1.0 - LABELS.index(plain) / 1000
    if not words or words[-1] in NEITHER or plain in NEITHER or is_guessed(name):
        near = len(words) > 1 and words[-1] in ("id", "no", "num") and words[-2] in LABELS[:8]
        return 0.4 if near else -1.0 if words else 0.0
    if words[-1] in LABELS:
        # gold_label tells more than a lone genre or type.
        return 0.9965 if words[-1] == "label" else 0.8 - LABELS.index(words[-1]) / 1000
    told = [LABELS.index(word) for word in words if word in LABELS]
    return 0.5 - min(told) / 1000 if told else 0.0


def is_guessed(name: str) -> bool:
    """Return whether a column is called like what a model, or one of several people, said."""
    return bool(_GUESSED.intersection(words_of(name)))


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
    ("query", "item"),
    ("query", "answer"),
    ("query", "text"),
    ("query", "doc"),
    ("question", "document"),
    ("question", "response"),
    ("问题", "答案"),
    ("问题", "回答"),
    ("查询", "文档"),
    ("查询", "段落"),
    ("abstract", "keywords"),
    ("abst", "keyword"),
    ("context", "response"),
)
