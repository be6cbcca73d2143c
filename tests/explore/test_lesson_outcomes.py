"""A kind of lesson whose remedies have not helped promises less and gets less time."""

import doctest
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from haoqi.explore.plans.plan import Plan
from haoqi.explore.record import lesson_outcomes as module
from haoqi.explore.record.lesson_outcomes import read_outcomes, success_rate
from haoqi.explore.record.lessons import Lesson, LessonVerdict
from haoqi.explore.reflection import reflect
from haoqi.explore.reflection.champion_diagnostics import ChampionDiagnostics
from haoqi.explore.reflection.reflections._remedies import REPAIRED, raised

RESULTS = Path(__file__).parents[2] / "bench" / "results"
LESSON = Lesson("confused_pairs", "", Plan.of("tfidf"), (Plan.of("knn"),), 0.1, 0.1)


def verdict(decision: str, subject: str = "", difference: float | None = 0.01) -> LessonVerdict:
    return LessonVerdict(replace(LESSON, subject=subject).key, decision, 2, 1, difference)


def test_the_record_is_that_of_the_benches() -> None:
    judged, helped = Counter[str](), Counter[str]()
    for name in ("search", "flipped"):
        for line in (RESULTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            for kind, decision in json.loads(line).get("lessons", []):
                judged[kind] += decision is not None
                helped[kind] += decision == "confirmed"
    assert read_outcomes() == {kind: (count, helped[kind]) for kind, count in judged.items() if count}


@pytest.mark.parametrize(
    ("decisions", "believed"),
    [
        ([], 1.0),
        (["refuted"], 2 / 3),
        (["undecided", "refuted"], 0.5),
        (["confirmed"], 1.0),
        (["refuted", "confirmed"], 1.0),
    ],
)
def test_what_the_run_has_judged_counts(decisions: list[str], believed: float) -> None:
    lessons = [replace(LESSON, subject=str(place)) for place in range(len(decisions))]
    verdicts = [verdict(decision, str(place)) for place, decision in enumerate(decisions)]
    assert success_rate("confused_pairs", lessons, verdicts) == pytest.approx(believed)
    assert success_rate("rare_classes", lessons, verdicts) == 1.0


def test_what_could_not_be_judged_says_nothing() -> None:
    assert success_rate("confused_pairs", [LESSON], [verdict("undecided", difference=None)]) == 1.0


def test_the_examples_in_the_docstrings_are_right() -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize(
    ("believed", "left", "seconds", "deserved"),
    [
        (0.25, 100.0, 2.4, True),
        (0.25, 100.0, 2.6, False),
        (0.5, 100.0, 2.6, True),
        (1.0, 100.0, 90.0, True),
        (0.25, None, 90.0, True),
    ],
)
def test_a_remedy_of_a_kind_that_never_helped_must_be_quick(
    believed: float, left: float | None, seconds: float, deserved: bool
) -> None:
    diagnostics = SimpleNamespace(
        success_rate=lambda kind: believed, left_seconds=left, estimate_seconds=lambda plan: seconds
    )
    assert reflect._deserves(LESSON, LESSON.plans[0], cast("ChampionDiagnostics", diagnostics)) == deserved


@pytest.mark.parametrize(("kind", "plans", "share"), [("overfitting", 1, 2 / 7), ("rare_classes", 3, 1.0)])
def test_what_seldom_helped_promises_less_and_tries_less(kind: str, plans: int, share: float) -> None:
    parent = Plan.of("tfidf")
    diagnostics = SimpleNamespace(success_rate=success_rate, score=0.8, plan=parent)
    tried = [Plan.of("tfidf", settings={"strength": strength}) for strength in (0.1, 0.01, 10.0)]
    [found] = raised(cast("ChampionDiagnostics", diagnostics), kind, tried, {}, explains=1.0, claim="It fails.")
    assert found.plans == tuple(tried[:plans])
    assert found.gain == found.doubt == pytest.approx(share * REPAIRED * 0.2)
