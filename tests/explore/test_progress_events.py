"""What becomes of a challenger and of a lesson is told so that it reads sensibly, in both languages."""

from typing import Any

import pytest

from haoqi.core.say import spoken, texts
from haoqi.evaluate.metrics import metrics
from haoqi.explore.plans.plan import Plan
from haoqi.explore.plans.reason import Reason
from haoqi.explore.record.claims import claim
from haoqi.explore.record.history import Verdict
from haoqi.explore.record.lessons import BRIER, Lesson, LessonVerdict
from haoqi.explore.reflection.reflect import in_words as lesson_in_words
from haoqi.explore.reflection.reflections import reflections
from haoqi.explore.scheduling.progress_events import in_words


def verdict(decision: str, difference: float = 0.01, p_value: float = 0.2, **rest: Any) -> Verdict:
    found = {"difference": difference, "p_value": p_value, "against": 3, **rest}
    return Verdict(7, decision, 7 if decision == "crowned" else 3, 0.9, **found)


@pytest.mark.parametrize(
    ("found", "english"),
    [
        (Verdict(1, "crowned", 1, 0.5), "the first champion"),
        (verdict("crowned", 0.6, 0.0), "new champion (+0.600, p < 0.001 against no. 3)"),
        (
            verdict("crowned", 0.02, 0.01, retested=True),
            "new champion (+0.020, p = 0.010 in cross-validation against no. 3)",
        ),
        (verdict("close"), "a close call (+0.010, p = 0.200), to be repeated"),
        (verdict("kept", -0.00001), "not better (0.000, p = 0.200)"),
        (verdict("kept", alpha=0.0125), "no measurable gain (+0.010, p = 0.200; the run asks for p < 0.013)"),
        (verdict("kept", alpha=0.0004), "no measurable gain (+0.010, p = 0.200; the run asks for p < 0.0004)"),
        (verdict("kept"), "no measurable gain (+0.010, p = 0.200)"),
        (verdict("failed"), "failed"),
    ],
)
def test_a_verdict_is_told_with_its_numbers(found: Verdict, english: str) -> None:
    told = in_words(Verdict(7, "failed", 3, 0.9) if found.decision == "failed" else found, metrics.build("macro_f1"))
    assert told == english
    assert not [word for word in ("champion", "better", "gain", "against") if word in spoken(told, "zh")]


@pytest.mark.parametrize("difference", [0.004, 0.0, -0.001])
@pytest.mark.parametrize("bias", [None, 0.007])
def test_a_champion_by_what_other_data_sets_say_is_told_as_such(difference: float, bias: float | None) -> None:
    """Whichever way the examples point, the sentence says why that is no contradiction, and nothing is certain."""
    told = in_words(
        verdict("crowned", difference, 0.516, chance_better=0.99999, selection_bias=bias), metrics.build("macro_f1")
    )
    chinese = spoken(told, "zh")
    assert told.startswith("new champion") and chinese.startswith("新冠军")
    assert "what other data sets know" in told and "其他数据集" in chinese
    assert "over 99 %" in told and "99 % 以上" in chinese
    assert "100 %" not in told + chinese and "p = 0.516" in told and "p = 0.516" in chinese
    if bias is None:
        assert "too little proof" in told and "证据还不够" in chinese
    else:
        assert "0.007" in told and "0.007" in chinese
        assert ("although" in told) == ("尽管" in chinese) == (difference <= 0)


@pytest.mark.parametrize("kind", reflections.names())
@pytest.mark.parametrize("decision", ["confirmed", "refuted", "undecided"])
def test_what_was_seen_stands_whatever_becomes_of_its_remedies(kind: str, decision: str) -> None:
    evidence = dict.fromkeys(_gaps(kind), 3)
    lesson = Lesson(kind, claim(kind, evidence), Plan.of("tfidf"), (Plan.of("knn"),), 0.02, 0.02, evidence)
    told = lesson_in_words(
        lesson, LessonVerdict(lesson.key, decision, 4, 1, -0.002, -0.01, 0.006, 0.0, 0.05), metrics.build("macro_f1")
    )
    chinese = spoken(told, "zh")
    assert str(lesson.claim) in told and spoken(lesson.claim, "zh") in chinese
    assert "-0.002 in macro-F1" in told and "p < 0.001" in told
    for word in ("refuted", "confirmed", "推翻", "证实"):
        assert word not in told + chinese
    if decision == "refuted":
        assert "no remedy helped" in told and "stands" in told
        assert "对策无效" in chinese and "所见仍然成立" in chinese


def _gaps(kind: str) -> set[str]:
    from string import Formatter

    return {name for _, name, _, _ in Formatter().parse(texts("en")[f"lesson.{kind}"]) if name}


def test_where_less_is_better_a_gain_is_less() -> None:
    rmse = metrics.build("rmse")
    told = in_words(verdict("crowned", 0.054, 0.0), rmse)
    assert told == "new champion (-0.054, p < 0.001 against no. 3)"
    assert in_words(verdict("kept", -0.005), rmse) == "not better (+0.005, p = 0.200)"
    lesson = Lesson("odd", "It is odd.", Plan("tfidf"), (Plan("knn"),), 0.02, 0.02)
    found = LessonVerdict(lesson.key, "confirmed", 4, 1, 0.02, 0.01, 0.03, 0.01)
    assert "-0.020 in root mean squared error" in lesson_in_words(lesson, found, rmse)
    honest = Lesson("odd", "It is odd.", Plan("tfidf"), (Plan("knn"),), 0.02, 0.02, measure=BRIER)
    assert "+0.020 in how honest" in lesson_in_words(honest, found, rmse)


def test_the_only_plan_left_is_not_one_of_one_plans() -> None:
    told = Reason("proposed", {"strategy": "curious", "count": 1}).words("why")
    assert told == "proposed by curious, the only one left" and "只剩" in spoken(told, "zh")
