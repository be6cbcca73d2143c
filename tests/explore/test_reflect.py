"""The loop of reflection: lessons are raised, tested, judged and remembered, and a run in parts learns the same."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from haoqi import pipeline
from haoqi.core.events import Event, Note, Tried
from haoqi.core.ledger import Entry, Ledger
from haoqi.explore.plans.plan import Experiment, Plan
from haoqi.explore.record.history import History, Verdict
from haoqi.explore.record.lessons import Lesson, LessonVerdict
from haoqi.explore.reflection.reflections import reflections
from haoqi.run import Run, run_of

CHAMPION = Plan("tfidf")
STEPS = 9


def lesson(subject: str = "", parent: Plan = CHAMPION, **rest: object) -> Lesson:
    plans = (Plan.of("tfidf", settings={"strength": 0.1}), Plan.of("tfidf", settings={"balance": True}))
    facts = {"gain": 0.02, "doubt": 0.02, "evidence": {"count": 3, "share": 0.1234567891}, **rest}
    return Lesson("overfitting", "It follows 3 examples too closely.", parent, plans, subject=subject, **facts)  # type: ignore[arg-type]


def crowned(history: History, plan: Plan, score: float = 0.8) -> None:
    number = history.add(Experiment(plan, score=score), spent=0.0).number
    history.judge(Verdict(number, "crowned", number, score), spent=0.0)


def test_open_are_the_lessons_of_the_champion_that_have_no_verdict() -> None:
    history = History(Ledger("sqlite://"), "run")
    crowned(history, CHAMPION)
    for subject in ("one", "two"):
        history.learn(lesson(subject), spent=0.0)
    history.learn(lesson("three", parent=Plan("logistic")), spent=0.0)
    assert [one.subject for one in history.open_lessons] == ["one", "two"]
    history.conclude(LessonVerdict(lesson("one").key, "undecided", None, None), spent=0.0)
    assert [one.subject for one in history.open_lessons] == ["two"]
    crowned(history, Plan("logistic"))
    assert [one.subject for one in history.open_lessons] == ["three"]


GOOD = ("great", "lovely", "quick", "bright", "kind", "fresh")
BAD = ("broken", "late", "dull", "rude", "stale", "slow")


def reviews(path: Path, rows: int = 500) -> Path:
    """Write reviews of which a fifth have the wrong label."""
    rng = Random(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "stars"])
        for number in range(rows):
            good = rng.random() < 0.5
            words = " and ".join(rng.choice(GOOD if good else BAD) for _ in range(2))
            label = good if rng.random() < 0.8 else not good
            writer.writerow([f"The {rng.randrange(90)} no. {number} was {words}.", "positive" if label else "negative"])
    return path


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Return a maker of one run, in a home of its own by name."""
    source = reviews(tmp_path / "reviews.csv")

    def make(home: str = "home", **settings: object) -> Run:
        monkeypatch.setenv("HAOQI_HOME", str(tmp_path / home))
        usual = {"steps": STEPS, "methods": ("majority", "logistic", "tfidf"), "variants": 2, "folds": 0}
        return run_of(str(source), **{**usual, "compile": False, "advice_seconds": 0.0, **settings})

    return make


def entries(place: Path) -> list[Entry]:
    [path] = place.glob("runs/reviews/*/ledger.sqlite")
    ledger = Ledger(path)
    [run] = ledger.runs()
    ledger.verify(run)
    return ledger.entries(run)


def test_a_run_raises_lessons_tests_them_and_tells(asked: Callable[..., Run], tmp_path: Path) -> None:
    heard: list[Event] = []
    release = pipeline.improve(asked(), heard.append)
    found = entries(tmp_path / "home")
    kinds = [entry.kind for entry in found]
    assert kinds.count("lesson") >= 1
    assert kinds.count("lesson_verdict") >= 1
    roles = [entry.body["role"] for entry in found if entry.kind == "experiment"]
    assert 1 <= roles.count("reflect") <= STEPS / 3 + 1
    raised = [entry.body["key"] for entry in found if entry.kind == "lesson"]
    assert {e.body["lesson"] for e in found if e.kind == "lesson_verdict"} <= set(raised)
    assert all("seconds" not in entry.body for entry in found if entry.kind == "reflection")
    assert any(isinstance(event, Note) and event.text.startswith("a lesson to test: ") for event in heard)
    page = (release.folder / "report.html").read_text(encoding="utf-8")
    assert 'id="lessons"' in page


def test_a_run_without_reflection_raises_none(asked: Callable[..., Run], tmp_path: Path) -> None:
    pipeline.improve(asked(reflect=False))
    assert not {"lesson", "lesson_verdict", "reflection"} & {entry.kind for entry in entries(tmp_path / "home")}


@pytest.mark.slow
def test_a_run_that_was_stopped_while_it_reflected_learns_the_same(asked: Callable[..., Run], tmp_path: Path) -> None:
    pipeline.improve(asked("whole"))
    failed = "no remedy helped"
    stops = iter(["a lesson to test", failed, "whether a remedy helps", "a remedy helped", "a lesson to test"])
    waiting = [next(stops)]

    def stop(event: Event) -> None:
        if isinstance(event, Note) and event.text.startswith(waiting[0]):
            waiting[0] = next(stops, "never")
            raise SystemError  # as sudden as a kill
        if isinstance(event, Tried) and event.number == 4 and waiting[0] == failed:
            waiting[0] = next(stops)

    for _ in range(12):
        try:
            pipeline.improve(asked("parts"), stop)
            break
        except SystemError:
            continue
    whole, parts = ([(one.kind, one.digest) for one in entries(tmp_path / name)] for name in ("whole", "parts"))
    assert whole == parts


@dataclass(frozen=True)
class _Broken:
    """A reflection that always fails."""

    asks = False

    def reflect(self, seen: object) -> list[Lesson]:
        raise ZeroDivisionError("nothing to divide by")


def test_a_reflection_that_fails_is_noted_and_passed_over(
    asked: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reflections.get("shift")
    monkeypatch.setitem(reflections._found, "shift", _Broken)
    heard: list[Event] = []
    pipeline.improve(asked(), heard.append)
    assert any(isinstance(event, Note) and "nothing to divide by" in event.text and event.warning for event in heard)
    marks = [entry.body["failed"] for entry in entries(tmp_path / "home") if entry.kind == "reflection"]
    assert marks[0] == {"shift": "nothing to divide by"}
    assert any(entry.kind == "lesson" for entry in entries(tmp_path / "home"))
