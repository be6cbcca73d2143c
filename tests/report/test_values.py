"""Where less of the deciding metric is better, the page tells its own values, and better is better."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pytest

from haoqi import report
from haoqi.data.examples import Examples
from haoqi.evaluate.advice import Advice, NextStep
from haoqi.evaluate.comparison import Comparison
from haoqi.evaluate.evidence import Evidence, evidence
from haoqi.evaluate.metrics import metrics
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.history import Verdict
from haoqi.explore.record.knowledge_curve import CurvePoint
from haoqi.explore.record.lessons import BRIER, Lesson, LessonVerdict
from haoqi.report import PairedTest, RaisedLesson, Story
from haoqi.tasks import tasks
from haoqi.tasks.task import Task

RMSE = replace(tasks.build("regression"), metrics=(metrics.build("rmse"), metrics.build("r2")))
NAMES = ("majority", "tfidf", "knn")


def answered(task: Task, count: int = 80, pairs: bool = False) -> Evidence:
    rng = np.random.default_rng(0)
    true = [float(row % 5) for row in range(count)]
    texts = [f"text {row}" for row in range(count)]
    examples = Examples(texts, true, list(range(count)), pairs=list(texts) if pairs else None)
    given = Predictions([one - 0.5 + float(rng.normal(0, 0.5)) for one in true], None)
    return evidence(task.output.kind, task.metrics, examples, given, task=task, rng=rng)


def told_of(task: Task, merits: tuple[float, float, float], **facts: Any) -> Story:
    """Return the story of a mean that TF-IDF beats, and of neighbours that are a little worse than it."""
    tried = tuple(
        Experiment(Plan(name), merit, number=number, low=merit - 0.05, high=merit + 0.05, seconds=1.0)
        for number, (name, merit) in enumerate(zip(NAMES, merits, strict=True), 1)
    )
    lead, behind = merits[1] - merits[0], merits[2] - merits[1]
    verdicts = (
        Verdict(1, "crowned", 1, merits[0]),
        Verdict(2, "crowned", 2, merits[1], lead, lead - 0.02, lead + 0.02, 0.0001, 1),
        Verdict(3, "kept", 2, merits[1], behind, behind - 0.02, behind + 0.02, 0.4, 2),
    )
    curve = tuple(
        CurvePoint(n, float(n), merits[min(n, 2) - 1], lead if n == 2 else 0.0, "explore", "", min(n, 2), 0.0, 1.0)
        for n in (1, 2, 3)
    )
    shown = answered(task, pairs=task.pairs)
    rest = {"test": shown, "valid": shown, "corrected": merits[1] - 0.01, "seed": 0, **facts}
    return Story("r", task, tried[1], experiments=tried, verdicts=verdicts, curve=curve, **rest)


STORY = told_of(RMSE, (-1.2, -0.8, -0.83))


def page(story: Story, section: str = "", language: str = "en") -> str:
    """Return the words of a page, or of one of its sections, in one language."""
    html = report.render(story)
    if section:
        found = re.search(rf'<section id="{section}".*?</section>', html, re.DOTALL)
        assert found is not None
        html = found.group()
    other = {"en": "zh", "zh": "en"}[language]
    part = re.sub(rf'<span class="{other}" lang="[^"]*">.*?</span>', "", html)
    part = re.sub(r"<(script|style|desc|title)\b.*?</\1>", "", part, flags=re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", part).split())).replace("\u00a0", " ")


def test_no_score_of_the_page_has_its_sign_turned() -> None:
    board, notebook = page(STORY, "leaderboard"), page(STORY, "notebook")
    assert board.index("0.800") < board.index("0.830") < board.index("1.200")  # the best first
    for told in (board, notebook, page(STORY, "answer"), page(STORY, "curve")):
        assert not re.search("−(0.8|1.2)", told)
    assert "0.750–0.850" in board and "Less is better." in board
    assert "越小越好。" in page(STORY, "answer", "zh")
    assert "It scored 0.800 (95 % interval 0.750–0.850 )".replace(" ", "") in notebook.replace(" ", "")


def test_differences_are_of_the_metric_and_gains_are_above_nothing() -> None:
    answer, board, notebook = (page(STORY, one) for one in ("answer", "leaderboard", "notebook"))
    assert "It beats always answering the mean by +0.400 on the same" in answer
    assert "+0.030 p = 0.400" in board  # the error of the neighbours is greater
    assert "It is better than no. 1 by 0.400 (95 % interval +0.380 to +0.420" in notebook
    assert "It is no better than no. 2 (+0.030, p = 0.400)" in notebook
    assert "it improved I(t) by +0.400" in page(STORY, "curve")
    assert STORY.valid is not None
    scored = replace(STORY.valid, scores={"rmse": (0.8, 0.75, 0.85)})
    assert "of 0.800 would be 0.810" in page(replace(STORY, valid=scored), "answer")
    assert "由好到差" in page(STORY, "leaderboard", "zh") and "领先 0.400" in page(STORY, "notebook", "zh")


def test_charts_put_the_better_on_the_right_and_on_top_and_write_the_errors_beside() -> None:
    html = report.render(STORY)
    ladder = html[html.index('class="ladder"') : html.index("</figure>")]
    places = [float(one) for one in re.findall(r'cx="([\d.]+)%" cy="11" r="4.5"', ladder)]
    assert places[-1] == min(places)  # the mean is the worst
    axis = re.search(r'class="chart axis">.*?</svg>', ladder, re.DOTALL)
    assert axis is not None
    ticks = [float(one) for one in re.findall(r">([\d.]+)</text>", axis.group())]
    assert ticks == sorted(ticks, reverse=True) and min(ticks) >= 0
    curve = re.search(r'<section id="curve".*?</section>', html, re.DOTALL)
    assert curve is not None
    heights = re.findall(r'x="-8" y="([\d.]+)"[^>]*>([\d.]+)</text>', curve.group())
    assert len(heights) > 1
    assert [error for _, error in sorted(heights, key=lambda one: float(one[0]))] == sorted(e for _, e in heights)


def test_a_lesson_is_told_in_its_measure() -> None:
    plan = Plan("tfidf")
    verdict = LessonVerdict("", "refuted", 3, 2, -0.03, -0.05, -0.01, 0.4, tests=1)
    for measure, told in (("metric", "+0.030 (95 % interval 0.010–0.050"), (BRIER, "−0.030 (95 % interval −0.050 to")):
        lesson = Lesson("odd", "It is odd.", plan, (plan,), 0.1, 0.1, measure=measure)
        said = page(replace(STORY, lessons=(RaisedLesson(lesson, verdict),)), "lessons")
        assert told in said
        assert ("hoped for −0.100" if measure == "metric" else "hoped for +0.100") in said
        assert "raised 1 lesson:" in said


def test_next_steps_say_which_way_a_gain_goes() -> None:
    label = NextStep("label_more", "", 0.02, 0.01, 0.03, 60.0, evidence={"count": 50})
    stop = NextStep("stop", "stop", 0.0, 0.0, 0.0, evidence={"worth": 0.0005})
    for order, told, chinese in (
        ((label, stop), "lower by 0.020 (0.010 to 0.030, 80 % interval)", "均方根误差 降低 0.020"),
        ((stop, label), "sure enough to lower root mean squared error by the 0.0005", "使 均方根误差 降低 0.0005"),
    ):
        advice = Advice("rmse", 0.8, order, 0.0005, greater_is_better=False)
        story = replace(STORY, advice=advice)
        assert told in page(story, "next_steps") and chinese in page(story, "next_steps", "zh")
        assert "a gain lowers the metric" in page(story, "next_steps")
    more = Advice("rmse", 0.8, (label, stop), 0.0005)
    assert "expected +0.020 root mean squared error" in page(replace(STORY, advice=more), "next_steps")
    assert Advice.from_plain({**more.as_plain(), "steps": []}).greater_is_better
    assert not Advice.from_plain({**replace(more, greater_is_better=False).as_plain()}).greater_is_better


def test_what_cannot_be_told_apart_is_a_difference_of_the_metric() -> None:
    other = PairedTest(1, Comparison(-0.01, -0.03, 0.02, 0.5))
    told = page(replace(STORY, comparisons=(other,)), "answer")
    assert "same validation examples: +0.010 (95 % interval −0.020 to +0.030" in told


def test_a_constant_correlates_with_nothing() -> None:
    told = told_of(tasks.build("similarity"), (-0.11, 0.74, 0.73))
    answer = page(told, "answer")
    assert "Always answering the mean would score 0: a constant correlates with nothing." in answer
    assert "+0.85" not in answer and "−0.11" not in answer
    assert "总是回答平均数的得分是 0" in page(told, "answer", "zh")
    assert "beats always answering the mean by +0.600" in page(told_of(tasks.build("regression"), (0.0, 0.6, 0.5)))


def test_pairs_are_asked_for_with_two_texts_and_told_of_as_pairs() -> None:
    card = {"rows": {"train": 9}, "split": "stratified", "contradictions": 0}
    pairs, one = (told_of(tasks.build(name), (0.0, 0.7, 0.6), card=card) for name in ("similarity", "regression"))
    assert 'haoqi predict r "…" "…"' in page(pairs) and 'haoqi predict r "…" "…"' not in page(one)
    assert "no pair of texts came with two different numbers" in page(pairs, "data")
    assert "no text came with two different numbers" in page(one, "data")
    assert "没有文本对带有两种数值" in page(pairs, "data", "zh")
    assert "small and large numbers in their proportion" in page(one, "data")
    assert "label" not in page(one, "data") and "label" not in page(one, "answer")
    several = told_of(tasks.build("similarity"), (0.0, 0.7, 0.6), card={**card, "contradictions": 2})
    assert "2 pairs of texts came with more than one number" in page(several, "data")
    classes = replace(one, task=tasks.build("topic", labels=("a", "b")), test=None, valid=None)
    assert "no text came with two labels" in page(classes, "data")
    assert "every label in its proportion" in page(classes, "data")


def test_numbers_below_the_right_ones_are_said_to_be_too_low() -> None:
    told = page(told_of(tasks.build("regression"), (0.0, 0.6, 0.5)), "errors")
    assert "Too low on average by 0." in told and "Too high" not in told


@pytest.mark.parametrize(("folds", "row"), [(0, "The mean, validation"), (5, "The mean, cross-validation")])
def test_the_mean_is_called_so_where_answers_are_numbers(folds: int, row: str) -> None:
    answer = page(replace(told_of(tasks.build("regression"), (0.0, 0.6, 0.5)), folds=folds), "answer")
    assert row in answer and "majority" not in answer.lower() and "frequent" not in answer


def test_what_stands_in_a_row_has_the_comma_of_its_language() -> None:
    told = told_of(tasks.build("regression"), (0.0, 0.6, 0.5), card={"rows": {"train": 9, "test": 5}})
    assert "train 9, test 5" in page(told, "data")
    assert "训练 9，测试 5" in page(told, "data", "zh")
    assert "，回答是数" in page(told, "answer", "zh")


def test_marked_stretches_of_a_mistake_are_shown_as_such() -> None:
    from haoqi.evaluate.mistakes import Mistake
    from haoqi.report.sections.mistakes import _labels

    text = "a <e1>b <e2>&</e2></e1> c"
    drawn = str(_labels(Mistake(0, text, "R(e1,e2)", "Other", 0.5)))
    quote = drawn.partition("<blockquote>")[2].partition("</blockquote>")[0]
    marks = '<mark class="given">b <sub>e1</sub></mark><mark class="given">&amp;<sub>e1,e2</sub></mark>'
    assert quote == f"a {marks} c"
