"""The report leads with the next steps, under the answer, in both languages; nothing that a text holds is run."""

import re
from dataclasses import replace
from html import unescape

from haoqi import report
from haoqi.evaluate.advice import Advice, ChosenRow, NextStep
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.report import Story
from haoqi.report.steps import in_words, lead_of, name_of, promising_of, reason_of
from haoqi.tasks import tasks

EVIL = "<b>x</b>"
FACTS = {"count": 50, "rows": 810, "passes": 8, "point_rows": 150, "labels": ["angry"], "seconds_each": 9.7}
LABEL = NextStep("label_more", "label_more_labels", 0.021, 0.008, 0.034, 485.0, 0.2, FACTS)
LONGER = NextStep("train_longer", "train_longer_exhausted", 0.0, 0.0, 0.0, evidence={"minutes": 5.0, "lately": 0.004})
SUSPECT = ChosenRow(6, EVIL * 2, "good", "bad", 0.9)
RECHECK = NextStep(
    "recheck_labels",
    "recheck_estimated",
    0.002,
    -0.001,
    0.005,
    200.0,
    0.2,
    {"count": 30, "suspects": 90, "rows": 700, "expected": 21},
    (SUSPECT,),
)
STOP = NextStep("stop", "stop", 0.0, 0.0, 0.0, evidence={"worth": 0.0005})
UNTOLD = NextStep("another_source", "another_source_untold", evidence={"count": 200})
ADVICE = Advice("macro_f1", 0.8, (LABEL, STOP, RECHECK, LONGER, UNTOLD), 0.0005)


def page(advice: Advice | None) -> str:
    task, champion = tasks.build("topic", labels=("a", "b")), Experiment(Plan("tfidf"), 0.8, number=1)
    return report.render(Story("reviews", task, champion, advice=advice))


def words(html: str) -> str:
    part = re.search(r'<section id="next_steps".*?</section>', html, re.DOTALL)
    assert part is not None
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", part.group()).split())).replace("\u00a0", " ")


def test_next_steps_stand_right_under_the_answer_with_gain_interval_and_both_costs() -> None:
    html = page(ADVICE)
    sections = re.findall(r'<section id="(\w+)"', html)
    assert sections[:2] == ["answer", "next_steps"]
    told = words(html)
    assert "Label 50 more texts: expected +0.021 macro-F1 (+0.008 to +0.034, 80 % interval)" in told
    assert "for 8 min 5 s of yours and 0.2 s of the machine" in told
    assert "再标注 50 条文本：预计 宏平均 F1 +0.021" in told
    assert "most needed are texts of angry" in told
    assert "最缺的是 angry" in told
    assert "not known" in told and "不知道" in told


def test_texts_to_look_at_are_folded_away_shown_and_never_run() -> None:
    html = page(ADVICE)
    assert EVIL not in html
    told = words(html)
    assert EVIL in told
    assert "row 7" in told.lower()
    assert "haoqi next reviews --file to_label.csv" in told
    assert "of the 30 most suspect about 21 should be" in told
    assert re.search(r"<details><summary>.*?Recheck 30 labels", html, re.DOTALL)


def test_a_single_label_or_text_is_spoken_of_as_one() -> None:
    one = replace(RECHECK, evidence={"count": 1, "suspects": 1, "rows": 700, "expected": 1})
    assert in_words(name_of(one)) == "Recheck 1 label"
    assert "Recheck 1 label: the text " in words(page(replace(ADVICE, steps=(one, STOP))))
    assert in_words(reason_of(one)).startswith("1 of 700 training labels looks wrong")
    assert in_words(name_of(one), "zh") == "复查 1 个标签"
    assert in_words(name_of(replace(LABEL, evidence={"count": 1}))) == "Label 1 more text"


def test_where_stopping_is_best_it_says_so_and_what_would_be_likeliest_to_help() -> None:
    still = replace(ADVICE, steps=(STOP, RECHECK, LABEL, LONGER, UNTOLD))
    assert in_words(lead_of(still)).startswith("Stop here: no other step")
    assert in_words(lead_of(still), "zh").startswith("到此为止")
    assert "Label 50 more texts (+0.021)" in in_words(promising_of(still))
    assert promising_of(ADVICE) is None


def test_a_step_of_another_package_is_called_by_its_own_name() -> None:
    strange = NextStep("ask_the_crowd", "", 0.1, 0.05, 0.2, 60.0)
    assert "ask the crowd" in words(page(replace(ADVICE, steps=(strange, STOP))))
    assert reason_of(strange) == ""


def test_without_advice_there_is_no_section() -> None:
    assert 'id="next_steps"' not in page(None)


def test_a_curve_that_was_not_measured_is_not_said_to_come_from_no_scores() -> None:
    usual = in_words(reason_of(replace(LABEL, evidence={**FACTS, "passes": 0, "rows": 27})))
    assert usual.startswith("the usual learning curve (that of these 27 examples could not be measured")
    assert "0 scores" not in usual
    assert in_words(reason_of(replace(LABEL, evidence={**FACTS, "passes": 0})), "zh").startswith("通常的学习曲线")
    assert "from 8 scores on parts of the 810 examples" in in_words(reason_of(LABEL))
    assert "from 1 score on a part" in in_words(reason_of(replace(LABEL, evidence={**FACTS, "passes": 1})))


def test_no_lessons_are_not_counted() -> None:
    facts = {"plans": 9, "lessons": 0, "best": "tfidf", "lately": 0.0}
    longer = NextStep("train_longer", "train_longer", 0.01, evidence=facts)
    assert in_words(reason_of(longer)).startswith("9 plans that were not tried fit into that time, first tfidf;")
    one = replace(longer, evidence={**facts, "plans": 1})
    assert in_words(reason_of(one)).startswith("of the plans that were not tried one fits into that time: tfidf;")
    some = replace(longer, evidence={**facts, "lessons": 2})
    assert "9 plans and 2 lessons" in in_words(reason_of(some))
    assert "0 条教训" not in in_words(reason_of(longer), "zh")
