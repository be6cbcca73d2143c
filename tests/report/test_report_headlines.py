"""Page and plain lines lead with the estimate that says most and name what was not tested, in both languages."""

import re
from html import unescape
from typing import Any

import numpy as np
import pytest

from haoqi import report
from haoqi.data.answers import ONE_CLASS
from haoqi.data.examples import Examples
from haoqi.evaluate import headline_words
from haoqi.evaluate.evidence import Evidence, evidence
from haoqi.evaluate.headline import headline
from haoqi.evaluate.metric import Labels
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.report import Story
from haoqi.report.steps import in_words
from haoqi.tasks import tasks

LABELS = ("fraud", "ok", "spam")


def answered(true: list[str], wrong: int = 0, **changes: Any) -> Evidence:
    """Return the evidence of answers of which the first few are wrong."""
    given = ["spam" if row < wrong and label != "spam" else label for row, label in enumerate(true)]
    examples = Examples.of([f"text {row}" for row in range(len(true))], list(true))
    answers = Predictions(list(given), np.full(len(true), 0.9))
    rng = np.random.default_rng(0)
    found = evidence(ONE_CLASS, [metrics.build("macro_f1")], examples, answers, task=Labels(LABELS), rng=rng)
    return Evidence(**{**{name: getattr(found, name) for name in found.__dataclass_fields__}, **changes})


def page(test: Evidence | None, valid: Evidence, folds: int = 0) -> str:
    champion = Experiment(Plan("tfidf"), 0.8, number=1)
    return report.render(Story("r", tasks.build("topic", labels=LABELS), champion, test, valid, folds=folds))


def words(html: str, section: str = "answer") -> str:
    part = re.search(rf'<section id="{section}".*?</section>', html, re.DOTALL)
    assert part is not None
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", part.group()).split())).replace("\u00a0", " ")


def test_three_perfect_test_texts_do_not_outshine_thirty_cross_validated_ones() -> None:
    few, many = answered(["ok", "spam", "spam"]), answered(["fraud", "ok", "spam"] * 10, 6, folds=5)
    html = page(few, many, folds=5)
    assert f'<span class="figure">{many.scores["macro_f1"][0]:.3f}</span>' in html
    told = words(html)
    assert "In cross-validation on 30 examples, each answered by a model that had not learnt it, it scores" in told
    assert "On the 3 test examples, which chose nothing, it scores 1.000" in told
    assert "在 30 条样本的交叉验证中" in told and "在 3 条未参与任何选择的测试样本上得 1.000" in told
    assert "No test example has the label fraud :" in told and "没有测试样本带有标签 fraud" in told
    assert "Counted on the 30 examples of the cross-validation" in words(html, "confusion")


def test_a_test_split_that_leads_still_names_the_labels_that_it_lacks() -> None:
    html = page(answered(["ok"] * 50), answered(["ok"] * 50))
    told = words(html)
    assert "On 50 test examples that it had never seen it scores" in told
    assert "No test example has the labels fraud, spam : the test score leaves them out" in told
    assert "On the 50 validation examples, which chose it, it scores 1.000" in told


def test_earlier_scorings_are_told_and_nothing_is_said_to_be_scored_once() -> None:
    again = answered(list(LABELS) * 30, 3, scorings=3)
    told = words(page(again, answered(list(LABELS) * 30, 3)))
    assert "has been scored 3 times for releases of this name" in told
    assert "已为同名发布评分 3 次" in told
    first = words(page(answered(list(LABELS) * 30, 3, scorings=1), answered(list(LABELS) * 30, 3)))
    assert "times for releases" not in first and "scored once" not in first


@pytest.mark.parametrize(
    ("language", "lead", "beside", "again"),
    [
        (
            "en",
            "(cross-validated on 30 examples)",
            "(on 3 test examples; not tested: fraud)",
            "the test split has been scored 2 times",
        ),
        ("zh", "（30 条样本的交叉验证）", "（3 条测试样本；未经测试：fraud）", "测试集已为同名发布评分 2 次"),
    ],
)
def test_plain_lines_say_the_same_in_both_languages(language: str, lead: str, beside: str, again: str) -> None:
    few = answered(["ok", "spam", "spam"], scorings=2)
    told = headline({"test": few.to_plain(), "valid": answered(list(LABELS) * 10, 6, folds=5).to_plain()})
    assert told is not None
    first, second, third = headline_words.lines(told, language)
    assert first.endswith(lead) and second.endswith(beside) and third.startswith(again)


def test_of_many_untested_labels_the_first_are_named_and_the_others_counted() -> None:
    names = [f"label {number}" for number in range(9)]
    assert in_words(headline_words.listed(names)) == f"{', '.join(names[:5])} and 4 more"
    assert in_words(headline_words.listed(names[:5])) == ", ".join(names[:5])
