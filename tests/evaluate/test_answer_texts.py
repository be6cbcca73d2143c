"""Answers as texts: what of them counts, against an independent scorer."""

import re
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoqi.data.examples import Span
from haoqi.evaluate.answer_texts import answer_tokens, best_f1, is_exact, right_texts, token_f1
from haoqi.evaluate.metric import score_answers
from haoqi.evaluate.metrics import metrics

WORDS = st.sampled_from(
    ["the", "a", "an", "The", "Cat", "cat,", "sat.", "on", "U.S.", "3,000", "–", "", "'mat'", "mat's", "x—y"]
)
TEXTS = st.lists(WORDS, max_size=6).map(" ".join)


def as_label(*texts: str) -> tuple[Span, ...]:
    """Return texts as stretches of a context, wherever."""
    return tuple(Span(at, at + len(text), text) for at, text in enumerate(texts) if text)


def normalise(text: str) -> str:
    """SQuAD 2.0's own normalize_answer, as its evaluation script has it."""
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return " ".join(re.compile(r"\b(a|an|the)\b", re.UNICODE).sub(" ", text).split())


def f1_of_squad(gold: str, predicted: str) -> float:
    """SQuAD 2.0's own compute_f1."""
    gold_tokens, tokens = normalise(gold).split(), normalise(predicted).split()
    same = sum((Counter(gold_tokens) & Counter(tokens)).values())
    if not gold_tokens or not tokens:
        return float(gold_tokens == tokens)
    if not same:
        return 0.0
    precision, recall = same / len(tokens), same / len(gold_tokens)
    return 2 * precision * recall / (precision + recall)


def squad(rows: list[tuple[list[str], str]]) -> tuple[float, float]:
    """Return exact match and F1 over questions, as SQuAD 2.0's get_raw_scores and make_eval_dict do."""
    exact = f1 = 0.0
    for golds, predicted in rows:
        kept = [gold for gold in golds if normalise(gold)] or [""]
        exact += max(float(normalise(gold) == normalise(predicted)) for gold in kept)
        f1 += max(f1_of_squad(gold, predicted) for gold in kept)
    return exact / len(rows), f1 / len(rows)


@given(st.lists(st.tuples(st.lists(TEXTS, max_size=3), TEXTS), min_size=1, max_size=6))
def test_scores_are_those_of_squads_own_script(rows: list[tuple[list[str], str]]) -> None:
    true = [as_label(*golds) for golds, _ in rows]
    predicted = [as_label(text) for _, text in rows]
    exact, f1 = squad(rows)
    assert score_answers(metrics.build("answer_exact_match"), true, predicted) == pytest.approx(exact)
    assert score_answers(metrics.build("answer_f1"), true, predicted) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("gold", "given_", "f1"),
    [
        ("1998年", "1998年", 1.0),
        ("《红楼梦》", "红楼梦", 1.0),
        ("北京市海淀区", "北京市", 2 * 3 / (6 + 3)),
        ("张三，李四", "李四", 2 * 2 / (4 + 2)),
        ("iPhone 15手机", "iPhone 15", 2 * 2 / (4 + 2)),
        ("东京", "大阪", 0.0),
    ],
)
def test_chinese_is_compared_by_characters_without_marks(gold: str, given_: str, f1: float) -> None:
    assert best_f1(as_label(gold), as_label(given_)) == pytest.approx(f1)
    assert is_exact(as_label(gold), as_label(given_)) == (f1 == 1.0)


def test_of_several_right_answers_the_nearest_counts() -> None:
    golds = as_label("the north pole", "Arctic")
    assert best_f1(golds, as_label("arctic")) == 1.0
    assert best_f1(golds, as_label("pole")) == pytest.approx(2 / 3)
    assert right_texts(as_label("...", "Arctic")) == ["Arctic"]


def test_no_answer_is_right_only_where_none_is() -> None:
    assert best_f1((), ()) == 1.0
    assert best_f1((), as_label("Oslo")) == 0.0
    assert best_f1(as_label("Oslo"), ()) == 0.0
    assert answer_tokens("The") == () and token_f1((), ()) == 1.0


@pytest.mark.parametrize(
    ("true", "predicted", "score"),
    [
        ([(), (), as_label("x"), as_label("x")], [(), as_label("x"), (), as_label("x")], 0.5),
        ([(), as_label("x")], [(), as_label("y")], 1.0),
        ([as_label("x")], [as_label("y")], 1.0),
        ([as_label("x")], [()], 0.0),
    ],
)
def test_f1_of_no_answer_is_that_of_a_class(true: list[object], predicted: list[object], score: float) -> None:
    found = score_answers(metrics.build("no_answer_f1"), true, predicted)
    assert found == pytest.approx(score)
    if any(not one for one in true):
        from sklearn.metrics import f1_score

        assert found == pytest.approx(f1_score([not one for one in true], [not one for one in predicted]))
