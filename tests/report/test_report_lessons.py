"""The section of lessons says what was claimed, what the tests said, and what could not be decided."""

import re
from html import unescape
from typing import Any

import pytest

from haoqi import report
from haoqi.core.say import spoken as spoken_in
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.claims import claim, spoken
from haoqi.explore.record.lessons import Lesson, LessonVerdict
from haoqi.report import RaisedLesson, Story
from haoqi.tasks import tasks

EVIL = "<b>x</b>"
FACTS = {"one": EVIL, "other": "sport", "count": 12, "error_share": 0.4}
TFIDF, BLEND = Plan("tfidf"), Plan("blend", "minilm")


def lesson(kind: str, claim: str = "", plans: tuple[Plan, ...] = (TFIDF,), **facts: Any) -> Lesson:
    return Lesson(kind, claim, TFIDF, plans, **{"gain": 0.0, "doubt": 0.0, **facts})


LESSONS = (
    RaisedLesson(lesson("confused_pairs", plans=(BLEND,), evidence=FACTS, gain=0.02, doubt=0.02)),
    RaisedLesson(
        lesson(
            "confused_pairs",
            plans=(Plan.of("tfidf", settings={"features": "both"}), BLEND),
            evidence={**FACTS, "count": 99},
            examples=((4, EVIL),),
            gain=0.031,
            doubt=0.031,
        ),
        LessonVerdict("", "confirmed", 7, 2, 0.045, 0.021, 0.066, 0.0004, tests=2),
    ),
    RaisedLesson(
        lesson("of_another_package", "Three things are odd.", evidence={"three": 3}),
        LessonVerdict("", "refuted", None, None, tests=3),
    ),
)


def page(*lessons: RaisedLesson) -> str:
    task = tasks.build("topic", labels=("a", "b"))
    return report.render(Story("r", task, Experiment(TFIDF, 0.9, number=1), lessons=lessons))


def words(html: str) -> str:
    part = re.search(r'<section id="lessons".*?</section>', html, re.DOTALL)
    assert part is not None
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", part.group()).split()))


def test_confirmed_lessons_come_first_and_every_fate_is_told() -> None:
    told = words(page(*LESSONS))
    assert told.index("99 times") < told.index("Three things are odd.") < told.index("12 times")
    assert "against 1 a remedy helped, against 1 none did, 0 stayed undecided, 1 were not tested" in told
    assert "refuted" not in told  # what was seen stands whatever becomes of a remedy
    assert "No. 7 against no. 2: +0.045 (95 % interval 0.021–0.066, p < 0.001)".replace(" ", "") in told.replace(
        "\u00a0", " "
    ).replace(" ", "")
    assert "3 remedies were tried" in told
    assert "about 0.05 would seem to help by chance" in told  # two lessons, one side of 0.05
    assert "互相混淆" in told


def test_what_texts_hold_is_shown_and_never_run() -> None:
    html = page(*LESSONS)
    assert EVIL not in html
    assert EVIL in words(html)


def test_without_lessons_there_is_no_section() -> None:
    assert 'id="lessons"' not in page()


def test_a_claim_reads_in_both_languages() -> None:
    assert (
        claim("confused_pairs", FACTS) == f"It takes {EVIL} and sport for each other: 12 times, 40 % of all its errors."
    )
    assert "12 次" in spoken_in(claim("confused_pairs", FACTS), "zh")
    assert claim("of_another_package", {}) == "of another package"
    facts = {"probe": "typos", "count": 5, "before_share": 0.9, "after_share": 0.5}
    assert "under typing errors" in claim("brittleness", facts)
    assert "经不起打字错误" in spoken_in(claim("brittleness", facts), "zh")


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [("rows", 1200, "1,200"), ("rare_share", 0.5, "50 %"), ("gap", 0.5, "0.500"), ("newer_share", None, "–")],
)
def test_evidence_is_read_by_its_name(name: str, value: object, read: str) -> None:
    assert str(spoken(name, value)).replace("\u00a0", " ") == read
