"""The story of a run knows when each lesson was raised and settled, and which experiment tested it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from haoqi.core.ledger import Ledger
from haoqi.evaluate.metrics import metrics
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.record.lessons import Lesson, LessonVerdict
from haoqi.report import run_story
from haoqi.tasks import tasks

PARENT, CURE = Plan("tfidf"), Plan.of("tfidf", settings={"balance": True})
LESSON = Lesson("rare_classes", "Few are found.", PARENT, (CURE,), 0.02, 0.01)
OTHER = Lesson("underfitting", "It learns too little.", PARENT, (Plan("logistic"),), 0.02, 0.01)


def ran(history: History, plan: Plan, role: str = "explore") -> None:
    """Record an experiment that was believed to take two seconds, and its verdict."""
    made = history.add(Experiment(plan, 0.9, expected_seconds=2.0, seconds=3.0, role=role), spent=1.0)
    history.judge(Verdict(made.number, "crowned", made.number, 0.9), spent=1.0)


def test_lessons_are_told_by_the_experiments_around_them(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    history = History(ledger, "r")
    ran(history, PARENT)
    history.learn(OTHER, spent=1.0)
    history.learn(LESSON, spent=1.0)
    ran(history, Plan("knn"))
    history.learn(LESSON, spent=1.0)  # of the new champion, too
    ran(history, CURE, "reflect")
    history.conclude(LessonVerdict(LESSON.key, "confirmed", 3, 1), spent=1.0)
    again = History(ledger, "r")
    first, second = run_story._lessons(again)
    assert (first.lesson.kind, second.lesson.kind) == (OTHER.kind, LESSON.kind)
    assert (first.raised, first.concluded, first.decision) == (1, None, "untested")
    assert (second.raised, second.concluded, second.decision) == (1, 3, "confirmed")
    assert (first.tested_by, second.tested_by) == ((), (3,))
    assert {one.expected_seconds for one in again.experiments} == {2.0}


def test_what_time_was_believed_is_no_part_of_what_equal_runs_share(tmp_path: Path) -> None:
    digests = []
    for name, seconds in (("one", 1.0), ("two", 9.0)):
        history = History(Ledger(tmp_path / f"{name}.sqlite"), "r")
        history.add(Experiment(PARENT, 0.9, expected_seconds=seconds), spent=seconds)
        digests.append(history.ledger.verify("r"))
    assert digests[0] == digests[1]


def test_a_belief_that_no_score_can_bear_out_is_not_told() -> None:
    rmse = replace(tasks.build("regression"), metrics=(metrics.build("rmse"),))
    made = Experiment(PARENT, -0.6, expected=0.4, doubt=0.1, expected_seconds=2.0)
    told = run_story._told(made, SimpleNamespace(task=rmse))  # type: ignore[arg-type]
    assert (told.expected, told.doubt, told.expected_seconds) == (None, 0.0, 2.0)
    possible = replace(made, expected=-0.7)
    assert run_story._told(possible, SimpleNamespace(task=rmse)) == possible  # type: ignore[arg-type]
    shares = SimpleNamespace(task=tasks.build("topic", labels=("a", "b")))
    assert run_story._told(made, shares) == made  # type: ignore[arg-type]
