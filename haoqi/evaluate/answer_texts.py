"""Answers found in contexts as texts: what of them counts, and how much of a right one was given.

As in SQuAD's own scorer (Rajpurkar et al., 2016, arXiv:1606.05250; version 2: 2018, arXiv:1806.03822) case, marks of
ASCII, articles and white space are nothing. Chinese and Japanese are compared by characters, as in CMRC (Cui et al.,
2019, arXiv:1810.07366), without their marks.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from haoqi.data.unspaced import UNSPACED

_ARTICLES = re.compile(r"\b(a|an|the)\b")
# The marks of Chinese and Japanese, half and full width.
_MARKS = re.compile("[\u3000-\u3004\u3008-\u3020\u3030\u30fb\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]")
_TOKEN = re.compile(rf"[{UNSPACED}]|[^\s{UNSPACED}]+")
_NO_MARKS = str.maketrans("", "", string.punctuation)
# Quotes and dashes are marks of Chinese where they stand beside it, and of other scripts elsewhere.
_SHARED_MARKS = re.compile(rf"(?<=[{UNSPACED}])[“”‘’—…·]+|[“”‘’—…·]+(?=[{UNSPACED}])")


@lru_cache(maxsize=100_000)
def answer_tokens(text: str) -> tuple[str, ...]:
    """Return what counts of an answer: its words, and each Chinese or Japanese character by itself.

    >>> answer_tokens("The U.S. Army!"), answer_tokens("《红楼梦》1791年")
    (('us', 'army'), ('红', '楼', '梦', '1791', '年'))
    """
    plain = _MARKS.sub("", _SHARED_MARKS.sub("", text)).lower().translate(_NO_MARKS)
    return tuple(_TOKEN.findall(_ARTICLES.sub(" ", plain)))


def token_f1(right: Sequence[str], given: Sequence[str]) -> float:
    """Return the F1 of the tokens of one answer against those of a right one; 1 where neither has any.

    >>> token_f1(("red", "car"), ("red", "bus", "stop"))
    0.4
    """
    if not right or not given:
        return float(len(right) == len(given))
    common = sum((Counter(right) & Counter(given)).values())
    return 2.0 * common / (len(right) + len(given))


def text_of_answer(label: Any) -> str:
    """Return the text of an answer that was given; "" where none was."""
    return str(label[0][2]) if label else ""


def right_texts(label: Any) -> list[str]:
    """Return the texts that are right answers, each once; [""] where only none is.

    A right answer of which nothing counts, such as a mark, is left out.
    """
    found = list(dict.fromkeys(str(one[2]) for one in label or ()))
    return [text for text in found if answer_tokens(text)] or [""]


def best_f1(right: Any, given: Any) -> float:
    """Return how much an answer has of the right one that it is nearest to, in [0, 1].

    Args:
        right: the right answers, as spans of their context; () where it has none.
        given: the answer that was given, as one span; () where none was.
    """
    tokens = answer_tokens(text_of_answer(given))
    return max(token_f1(answer_tokens(text), tokens) for text in right_texts(right))


def is_exact(right: Any, given: Any) -> bool:
    """Return whether an answer says no more and no less than one of the right ones."""
    tokens = answer_tokens(text_of_answer(given))
    return any(answer_tokens(text) == tokens for text in right_texts(right))
