"""What the words of a context look like to a question: what kind of word each is, and how near it is to what was asked.

After the features of the first published baseline on SQuAD (Rajpurkar et al., 2016, arXiv:1606.05250), word by word and
without a parser: the kind of question and the kinds of words around, and how much of the question stands nearby.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log

from haoqi.data.unspaced import UNSPACED
from haoqi.tasks.words import Words, word_offsets

NEARBY = 10
"""Words before and after one that are near to it."""

# Of a longer word so many letters are compared, so that endings are nothing.
_STEM = 5
_YEAR = re.compile(r"1\d{3}|20\d\d")
_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_HAN = re.compile(f"[{UNSPACED}]")
_HAN_NUMBERS, _HAN_DATES = frozenset("零一二三四五六七八九十百千万亿两〇"), frozenset("年月日号时")
_ENDS = frozenset(".!?。！？；;")
_ASKS = ("who", "whom", "whose", "when", "where", "why", "how", "which", "what")
# The first of these that stands in a Chinese question tells what is asked for.
_ASKS_IN_CHINESE = (
    ("when", re.compile("何时|什么时候|哪一?[年天月日]|几[年月日号时点]|多久|時候|什麼時間|什么时间")),
    ("who", re.compile("谁|誰|哪位|何人|什么人|哪些人")),
    ("where", re.compile("哪里|哪裡|哪儿|何处|何地|什么地方|哪个?[国省市县区城]|位于哪")),
    ("how many", re.compile("多少|几|幾|多[大长高远重深快]")),
    ("why", re.compile("为什么|为何|為什麼|為何|原因")),
    ("how", re.compile("怎么|怎样|如何|怎樣|怎麼")),
    ("which", re.compile("哪")),
    ("what", re.compile("什么|什麼|何")),
)


def word_weights(contexts: Iterable[str]) -> dict[str, float]:
    """Return how much words tell that stand in many contexts, in [0, 1]; all others tell 1.

    It is the logarithm of how rare they are, as a share of that of a word in one context.
    """
    counts, total = Counter[str](), 0
    for context in contexts:
        counts.update({_stem(context[start:end]) for start, end in word_offsets(context)})
        total += 1
    most = log(max(2, total))
    return {word: round(log(total / count) / most, 3) for word, count in sorted(counts.items()) if count > 2}


def question_features(question: str, context: str, words: Words, weights: Mapping[str, float]) -> list[list[str]]:
    """Return what is seen of having no answer, and of each word of a context, as lists of features.

    Args:
        question: what is asked.
        context: where the answer is to be found.
        words: of the context.
        weights: what `word_weights` gave.
    """
    kind, focus = _asked_for(question)
    asked = {_stem(question[start:end]) for start, end in word_offsets(question)}
    asked = {word for word in asked if any(map(str.isalnum, word))}
    spelt = [context[start:end] for start, end in words]
    stems = [_stem(one) for one in spelt]
    values = [weights.get(stem, 1.0) if stem in asked else 0.0 for stem in stems]
    total = sum(weights.get(stem, 1.0) for stem in asked) or 1.0
    sentences, shares, ranks = _sentences(spelt, stems, values, total)
    kinds = ["<", *map(_kind, spelt), ">"]
    lower = ["<", *(one.lower() for one in spelt), ">"]
    running = [0.0]
    for value in values:
        running.append(running[-1] + value)
    covered = len(asked.intersection(stems)) / max(1, len(asked))
    found = [_of_none(kind, max(shares, default=0.0), covered)]
    for at in range(len(spelt)):
        before = (running[at] - running[max(0, at - NEARBY)]) / total
        after = (running[min(len(spelt), at + 1 + NEARBY)] - running[at + 1]) / total
        sentence = sentences[at]
        near = (_level(before), _level(after), _level(shares[sentence]), min(ranks[sentence], 3), min(sentence, 3))
        around = (*kinds[at : at + 3], *lower[at : at + 3])
        found.append(_of_word(kind, focus, around, near, inside=values[at] > 0))
    return found


def _of_none(kind: str, share: float, covered: float) -> list[str]:
    """Return what is seen of having no answer: how much of the question stands in one sentence, and in all."""
    best, all_of_it = _level(share), _level(covered)
    return ["none", f"none|{kind}", f"none best|{best}", f"none all|{all_of_it}", f"none both|{best}|{all_of_it}"]


def _of_word(
    kind: str, focus: str, around: Sequence[str], near: tuple[int, int, int, int, int], *, inside: bool
) -> list[str]:
    """Return what is seen of a word.

    Args:
        kind: of the question.
        focus: the word that says what is asked for.
        around: the kinds of the word before, of this and of the word after, then how they are written.
        near: levels of how much of the question stands before, after and in the sentence; the rank of the sentence by
            that, and its number.
        inside: whether the word stands in the question.
    """
    one, this, other, former, word, latter = around
    before, after, share, rank, place = near
    return [
        f"k|{kind}|{this}",
        f"kb|{kind}|{one}|{this}",
        f"ka|{kind}|{this}|{other}",
        f"kk|{kind}|{one}|{this}|{other}",
        f"f|{focus}|{this}",
        f"fw|{focus}|{word}",
        f"w|{word}",
        f"wb|{kind}|{former}",
        f"wa|{kind}|{latter}",
        f"in|{inside}|{this}",
        f"b|{before}|{kind}",
        f"a|{after}|{kind}",
        f"ba|{before}|{after}",
        f"s|{share}|{rank}",
        f"r|{rank}|{kind}|{this}",
        f"p|{place}|{kind}",
    ]


def _sentences(
    spelt: Sequence[str], stems: Sequence[str], values: Sequence[float], total: float
) -> tuple[list[int], list[float], list[int]]:
    """Return each word's sentence, how much of the question each sentence has, and its rank by that, 0 the best."""
    sentences, held = [], [dict[str, float]()]
    for word, stem, value in zip(spelt, stems, values, strict=True):
        sentences.append(len(held) - 1)
        if value:
            held[-1][stem] = value
        if word in _ENDS:
            held.append({})
    shares = [sum(one.values()) / total for one in held]
    order = sorted(range(len(held)), key=lambda at: (-shares[at], at))
    ranks = [0] * len(held)
    for rank, at in enumerate(order):
        ranks[at] = rank
    return sentences, shares, ranks


def _asked_for(question: str) -> tuple[str, str]:
    """Return what kind of answer a question asks for, and the word that says so more closely.

    >>> _asked_for("In what year was it built?"), _asked_for("How many legs has it?"), _asked_for("谁写了红楼梦？")
    (('what', 'year'), ('how many', 'legs'), ('who', ''))
    """
    if _HAN.search(question):
        return next((name for name, pattern in _ASKS_IN_CHINESE if pattern.search(question)), "other"), ""
    words = [question[start:end].lower() for start, end in word_offsets(question)]
    words = [word for word in words if any(map(str.isalnum, word))]
    at = next((place for place, word in enumerate(words) if word in _ASKS), None)
    if at is None:
        return "other", words[0] if words else ""
    following = [*words[at + 1 :], "", ""]
    if words[at] == "how":
        return f"how {following[0]}", following[1]
    return words[at], following[0]


def _level(share: float) -> int:
    """Return a share in [0, 1] as one of six levels."""
    return min(5, int(5 * share + 0.999)) if share > 0 else 0


@lru_cache(maxsize=200_000)
def _kind(word: str) -> str:
    """Return what kind of word one is by its spelling.

    >>> [_kind(word) for word in ("1984", "3,000", "May", "Oslo", "EU", "of", "(", "年", "三", "国")]
    ['year', 'number', 'month', 'Title', 'UPPER', 'lower', '(', 'date', 'numeral', 'han']
    """
    if _YEAR.fullmatch(word):
        return "year"
    if any(map(str.isdigit, word)):
        return "number"
    if _HAN.match(word):
        return "date" if word in _HAN_DATES else "numeral" if word in _HAN_NUMBERS else "han"
    if not any(map(str.isalpha, word)):
        return word if len(word) == 1 else "mark"
    if word.lower() in _MONTHS and word[0].isupper():
        return "month"
    if word.isupper():
        return "UPPER"
    return "Title" if word[0].isupper() else "lower"


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return word.lower()[:_STEM]
