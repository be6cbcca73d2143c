"""The section of lessons says what was claimed, what the tests said, and what could not be decided."""

import re
from html import unescape

import pytest

from haoqi import report
from haoqi.core.say import spoken as spoken_in
from haoqi.data.answers import ONE_CLASS
from haoqi.explore.record.claims import claim, spoken
from haoqi.report import Champion, Lesson, Story

EVIL = "<b>x</b>"
FACTS = {"one": EVIL, "other": "sport", "count": 12, "error_share": 0.4}
LESSONS = (
    Lesson("confused_pairs", "", "untested", FACTS, plans=("blend of minilm",), gain=0.02, doubt=0.02),
    Lesson(
        "confused_pairs",
        "",
        "confirmed",
        {**FACTS, "count": 99},
        examples=((4, EVIL),),
        plans=("tfidf, features both", "blend of minilm"),
        gain=0.031,
        doubt=0.031,
        number=7,
        against=2,
        difference=0.045,
        low=0.021,
        high=0.066,
        p_value=0.0004,
        tests=2,
    ),
    Lesson("of_another_package", "Three things are odd.", "refuted", {"three": 3}, plans=("tfidf",), tests=3),
)


def page(*lessons: Lesson) -> str:
    return report.render(
        Story("r", "topic", ONE_CLASS, ("a", "b"), "macro_f1", Champion(1, "tfidf", "tfidf"), lessons=lessons)
    )


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
