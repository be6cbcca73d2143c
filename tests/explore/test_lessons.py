"""A lesson is confirmed, refuted or left open by the tests of its plans, and survives the ledger."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from haoqi.core.ledger import Ledger
from haoqi.evaluate.comparison import Comparison
from haoqi.explore.record.history import History
from haoqi.explore.record.lessons import LONGEST, MOST_EXAMPLES, LessonVerdict, clipped, decide_lesson
from tests.explore.test_reflect import lesson


def better(difference: float, p_value: float, half: float = 0.01) -> Comparison:
    return Comparison(difference, difference - half, difference + half, p_value)


@pytest.mark.parametrize(
    ("found", "decision", "place"),
    [
        ([better(0.03, 0.001)], "confirmed", 0),
        ([better(-0.03, 0.001), better(0.03, 0.01)], "confirmed", 1),
        ([better(0.03, 0.04)], "undecided", 0),  # alpha is shared
        ([better(-0.03, 0.001)], "refuted", 0),
        ([better(-0.005, 0.3)], "refuted", 0),  # at most 0.005, and 0.02 was promised
        ([better(-0.005, 0.3), better(0.005, 0.3)], "undecided", 1),
        ([better(-0.005, 0.3), None], "undecided", 0),
        ([None, None], "undecided", None),
        ([], "undecided", None),
    ],
)
def test_a_lesson_is_confirmed_refuted_or_left_open(
    found: list[Comparison | None], decision: str, place: int | None
) -> None:
    assert decide_lesson(found, gain=0.02, alpha=0.025) == (decision, place)


def test_a_lesson_survives_the_ledger_and_keeps_its_name(tmp_path: Path) -> None:
    history = History(Ledger(tmp_path / "ledger.sqlite"), "run")
    told = lesson(examples=clipped([(7, "x" * 999), (8, "short")]), words=("zqx",), measure="hide")
    history.learn(told, spent=1.0)
    history.conclude(LessonVerdict(told.key, "refuted", 2, 1, -0.01, -0.02, 0.0, 0.4, 0.025, 2), spent=2.0)
    again = History(Ledger(tmp_path / "ledger.sqlite"), "run")
    [read] = again.lessons
    assert replace(read, evidence=told.evidence) == told
    assert read.evidence == {"count": 3, "share": 0.123457}
    assert read.key == told.key == replace(told, claim="other words", gain=0.5).key != lesson("another").key
    assert again.lesson_verdicts == history.lesson_verdicts
    assert again.spent_seconds == 2.0
    assert len(read.examples[0][1]) == 301


def test_few_examples_are_kept_of_a_lesson_and_long_ones_cut() -> None:
    kept = clipped([(row, "x" * (298 + row)) for row in range(20)])
    assert len(kept) == MOST_EXAMPLES
    assert [len(text) for _, text in kept[:4]] == [298, 299, 300, LONGEST + 1]


def test_numbers_that_are_none_leave_a_ledger_that_json_can_hold() -> None:
    told = lesson(evidence={"gap": float("nan"), "far": float("inf"), "shares": (1 / 3, 2)})
    assert told.as_plain()["evidence"] == {"gap": None, "far": None, "shares": [0.333333, 2]}
    assert json.loads(json.dumps(told.as_plain(), allow_nan=False))["key"] == told.key
