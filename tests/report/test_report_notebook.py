"""The notebook tells every experiment in order: what was believed, tried, seen and learnt, in two languages."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from haoqi import report
from haoqi.core.say import texts
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.plans.reason import SAID, Reason
from haoqi.explore.record.claims import claim
from haoqi.explore.record.history import Verdict
from haoqi.explore.record.knowledge_curve import CurvePoint
from haoqi.explore.record.lessons import Lesson, LessonVerdict
from haoqi.report import RaisedLesson, Story
from haoqi.report.daybook import chapters, deviations, entries, turning_points
from haoqi.tasks import tasks

EVIL = "<b>x</b>"
PAIR = {"one": EVIL, "other": "sport", "count": 12, "error_share": 0.4}
CLOSE = Reason("close", {"difference": 0.019, "p": 0.120})


BALANCED = Plan.of("probe", settings={"balance": True})


def tried(number: int, plan: Plan | str, **facts: Any) -> Experiment:
    found = Plan(plan) if isinstance(plan, str) else plan
    return Experiment(found, **{"score": 0.9, "seconds": 1.0, **facts}, number=number)


def verdict(number: int, decision: str, *test: float | None, against: int | None = None) -> Verdict:
    """Return a verdict on an experiment, with its difference, interval and p-value."""
    return Verdict(number, decision, None, None, *(test or (None,) * 4), against)


def kept(number: int, difference: float, p_value: float, against: int = 2) -> Verdict:
    return verdict(number, "kept", difference, difference - 0.02, difference + 0.02, p_value, against=against)


TRIED = (
    tried(1, "majority", score=0.3, why=Reason("first")),
    tried(2, "tfidf", expected=0.4, doubt=0.2, expected_seconds=1.0),
    tried(3, Plan("lora", EVIL), score=None, error=Reason("failed", {"reason": f"no memory {EVIL}"}), seconds=9.0),
    tried(4, "knn", score=0.8, expected=0.81, doubt=0.03, why=Reason("cheap")),
    tried(5, "zero_shot", expected=0.9, doubt=0.05, why=Reason(SAID, {"text": f"a whim of {EVIL}"})),
    tried(6, "probe", score=0.919, why=Reason("proposed", {"strategy": "curious", "count": 23})),
    tried(7, Plan("probe", seed=1), role="verify", why=CLOSE),
    tried(
        8,
        BALANCED,
        role="reflect",
        expected=0.93,
        doubt=0.01,
        expected_seconds=2.0,
        seconds=9.0,
        why=Reason("lesson", {"claim": claim("confused_pairs", PAIR)}),
    ),
)
VERDICTS = (
    verdict(1, "crowned"),
    verdict(2, "crowned", 0.6, 0.55, 0.65, 0.0001, against=1),
    verdict(3, "failed"),
    kept(4, -0.1, 0.0004),
    kept(5, -0.01, 0.6),
    verdict(6, "close", 0.019, -0.004, 0.041, 0.12, against=2),
    verdict(7, "crowned", 0.022, 0.003, 0.044, 0.021, against=2),
    kept(8, 0.004, 0.5, 6),
)
LEVELS = (0.3, 0.9, 0.9, 0.9, 0.9, 0.9, 0.922, 0.922)
STEPS = tuple(
    CurvePoint(n, 2.0 * n, level, 0.0, "explore", "", champion=1, alpha=0.0, beta=1.0)
    for n, level in enumerate(LEVELS, 1)
)
LESSONS = (
    RaisedLesson(
        Lesson("confused_pairs", "", Plan("probe"), (BALANCED,), 0.03, 0.03, PAIR),
        LessonVerdict("", "refuted", 8, 6, 0.004, p_value=0.5),
        raised=7,
        concluded=8,
        tested_by=(8,),
    ),
    RaisedLesson(Lesson("of_another_package", f"Three things are odd {EVIL}.", Plan("probe"), (), 0.0, 0.0), raised=7),
)
STORY = Story(
    "r",
    tasks.build("topic", labels=("a", "b")),
    TRIED[5],
    experiments=TRIED,
    verdicts=VERDICTS,
    curve=STEPS,
    lessons=LESSONS,
    ended="worth",
)


def notebook(story: Story = STORY, language: str | None = None) -> str:
    """Return the words of the section, of one language alone if it is named."""
    found = re.search(r'<section id="notebook".*?</section>', report.render(story), re.DOTALL)
    assert found is not None
    other = {"en": "zh", "zh": "en"}.get(language or "", "none")
    part = re.sub(rf'<span class="{other}" lang="[^"]*">.*?</span>', "", found.group())
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", part).split())).replace("\u00a0", " ")


@pytest.mark.parametrize(
    "told",
    [
        "8 experiments in 16 s",
        "It is the cheapest plan of all",
        "There is a model now, and a score for the others to beat: 0.300 .",
        "We hardly knew: 0.400 ± 0.200",
        "A surprise: 2.5 standard deviations above what we believed.",
        "It is better than no. 1 by 0.600 (95 % interval +0.550 to +0.650 , p < 0.001)",
        "Nos. 3 to 6: 4 experiments in 12 s that changed nothing. The best of them scored 0.919. 1 failed.",
        f"no memory {EVIL}",
        f"a whim of {EVIL}",
        "The strategy curious chose it among 23 plans.",
        "It had been better than the champion by 0.019",
        "Its seeds together are better than no. 2 by 0.022",
        "raised 2 lessons to test:",
        f"Three things are odd {EVIL}.",
        "If the remedy helps, it gains 0.030 ± 0.030 in macro-F1",
        "A surprise: 3.0 standard deviations below what we believed. It took 4.5 times as long as we believed.",
        "It is ahead of no. 6 by 0.004, which chance alone could do (p = 0.500): the champion stays.",
        "No remedy helped (+0.004 at best, p = 0.500; +0.030 was hoped for), and none will be tried again; what",
        "We stopped because nothing that still fitted was worth its time",
        "Of 4 beliefs about scores, 2 held",
        "The largest surprise was no. 8, probe, balance True: we believed in 0.930 ± 0.010 and found 0.900.",
        "1 lesson was left untested.",
    ],
)
def test_what_happened_is_told_with_its_numbers(told: str) -> None:
    english = re.sub(r" (?=[.,):])|(?<=\() ", "", notebook(language="en"))
    assert re.sub(r" (?=[.,):])|(?<=\() ", "", told) in english


@pytest.mark.parametrize(
    ("judged", "told"),
    [
        (kept(3, 0.03, 0.02), "after so many comparisons on the same examples that is too little proof"),
        (kept(3, 0.03, 0.2), "which chance alone could do"),
        (kept(3, 0.0, 1.0), "It is no better than no. 2"),
        (kept(3, -0.03, 0.2), "It is no better than no. 2"),
        (kept(3, -0.03, 0.02), "It is clearly worse than no. 2"),
        (verdict(3, "close", 0.03, -0.01, 0.07, 0.2, against=2), "no other seed was asked"),
        (verdict(3, "faster", -0.001, -0.01, 0.01, 0.8, against=2), "It answers faster than no. 2"),
        (None, "It was not judged."),
    ],
)
def test_every_verdict_is_told_for_what_it_is(judged: Verdict | None, told: str) -> None:
    verdicts = (*VERDICTS[:2], *((judged,) if judged else ()))
    story = replace(STORY, experiments=(*TRIED[:2], tried(3, "probe")), verdicts=verdicts, lessons=())
    assert told in notebook(story, "en")


def test_a_chinese_reader_meets_no_english_sentence() -> None:
    story = replace(STORY, experiments=TRIED[:2] + TRIED[5:], lessons=LESSONS[:1])
    chinese = notebook(story, "zh")
    assert "用来检验一条教训" in chinese and "互相混淆" in chinese and "出乎意料" in chinese
    words = set(re.findall(r"[A-Za-z]{3,}", chinese))
    assert words <= {"IDF", "sport", "curious"}


def test_what_is_told_holds_nothing_unescaped() -> None:
    html = report.render(STORY)
    assert EVIL not in html
    assert EVIL in notebook()


def test_every_experiment_is_told_once_in_order_and_quiet_ones_are_folded() -> None:
    part = re.search(r'<section id="notebook".*?</section>', report.render(STORY), re.DOTALL)
    assert part is not None
    assert re.findall(r'<h3><span class="place">(\d+)</span>', part.group()) == [str(n) for n in range(1, 9)]
    fold = re.search(r"<details>.*?</details>", part.group(), re.DOTALL)
    assert fold is not None
    assert re.findall(r'class="place">(\d+)<', fold.group()) == ["3", "4", "5", "6"]


def test_turning_points_are_what_changed_something_and_the_largest_surprises() -> None:
    found = entries(STORY)
    assert turning_points(found) == {1, 2, 7, 8}
    assert turning_points(found[:6]) == {1, 2, 3, 4, 5, 6}  # a short run is told in full
    assert [(told, len(part)) for told, part in chapters(found)] == [(True, 2), (False, 4), (True, 2)]
    odd = [tried(n, "knn", expected=0.5 - 0.01 * n, doubt=0.1) for n in range(2, 12)]
    verdicts = (VERDICTS[0], *(kept(n, -0.1, 0.5) for n in range(2, 12)))
    many = replace(STORY, experiments=(TRIED[0], *odd), verdicts=verdicts, curve=(), lessons=())
    assert turning_points(entries(many)) == {1, 7, 8, 9, 10, 11}


def test_a_belief_without_doubt_surprises_nobody() -> None:
    assert deviations(tried(1, "knn", expected=0.5, doubt=0.0)) is None
    assert deviations(tried(1, "knn", expected=0.5, doubt=0.1, score=None)) is None
    assert deviations(tried(1, "knn", expected=0.7, doubt=0.1)) == pytest.approx(2.0)


def test_every_reason_that_the_search_gives_has_a_sentence_on_the_page() -> None:
    given = {key.rpartition(".")[2] for key in texts("en") if key.startswith("why.")}
    assert len(given) >= 7
    assert given == {key.rpartition(".")[2] for key in texts("en") if key.startswith("reason.")}
