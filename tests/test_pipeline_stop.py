"""A run that is asked to end, from another thread or at any moment of its own, releases what it has."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import haoqi
from haoqi import pipeline
from haoqi.core.errors import UserError
from haoqi.core.events import Advanced, Ended, Event, Note, Stage, Tried, Trying
from haoqi.core.ledger import Ledger
from haoqi.core.stop import Stop
from haoqi.models.releases import releases
from haoqi.run import Run, run_of

WORDS = {"good": "+", "great": "+", "lovely": "+", "bad": "-", "awful": "-", "rude": "-"}
THINGS = ("battery", "screen", "coffee", "hotel", "film", "book", "train", "camera", "soup", "lamp")
ROWS = [
    (f"the {thing} was {word} on day {day}", label)
    for day in range(4)
    for thing in THINGS
    for word, label in WORDS.items()
]


def asked(place: Path, tiny_base: str, **settings: object) -> Run:
    source = place / "reviews.tsv"
    if not source.exists():
        source.write_text("\n".join(["text\tlabel", *("\t".join(row) for row in ROWS)]), encoding="utf-8")
    usual = {"steps": 4, "base": (tiny_base,), "methods": ("tfidf", "full"), "compile": False, "advice_seconds": 0.0}
    return run_of(str(source), **{**usual, "near_duplicates": False, "folds": 0, "variants": 1, **settings})


def requesting(stop: Stop, when: Callable[[list[Event]], bool]) -> tuple[list[Event], Callable[[Event], None]]:
    """Return the events that a run tells, and a listener that asks it to end once they are as they should be."""
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if when(heard):
            stop.request()

    return heard, hear


def within_the_second_fit(heard: list[Event]) -> bool:
    return isinstance(heard[-1], Advanced) and sum(isinstance(event, Trying) for event in heard) == 2


def notes(heard: list[Event]) -> str:
    return " ".join(event.text for event in heard if isinstance(event, Note))


def tried(heard: list[Event]) -> list[int]:
    return [event.number for event in heard if isinstance(event, Tried)]


def test_a_run_in_a_thread_that_another_thread_stops_releases_what_it_has(tiny_base: str, tmp_path: Path) -> None:
    stop, inside, requested = Stop(), threading.Event(), threading.Event()
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if within_the_second_fit(heard):
            inside.set()
            assert requested.wait(60)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(pipeline.improve, asked(tmp_path, tiny_base), hear, home=tmp_path / "home", stop=stop)
        assert inside.wait(60)
        stop.request()
        requested.set()
        release = running.result(60)
    assert tried(heard) == [1]
    assert [event.reason for event in heard if isinstance(event, Ended)] == ["stopped"]
    assert "what was found so far is released" in notes(heard)
    assert release.folder == tmp_path / "home" / "releases" / release.name / "1"
    assert release.load()("the soup was lovely").label == "+"


def digest(home: Path) -> str:
    [ledger] = home.glob("runs/*/*/ledger.sqlite")
    found = Ledger(ledger)
    [run] = found.runs()
    return found.verify(run)


def test_it_ends_as_by_ctrl_c_and_the_same_run_goes_on(tiny_base: str, tmp_path: Path) -> None:
    run, stop, by_hand = asked(tmp_path, tiny_base), Stop(), list[Event]()
    heard, hear = requesting(stop, within_the_second_fit)
    pipeline.improve(run, hear, home=tmp_path / "signal", stop=stop)

    def interrupt(event: Event) -> None:
        by_hand.append(event)
        if within_the_second_fit(by_hand):
            raise KeyboardInterrupt

    pipeline.improve(run, interrupt, home=tmp_path / "ctrl-c")
    assert digest(tmp_path / "signal") == digest(tmp_path / "ctrl-c")
    assert tried(heard) == tried(by_hand) == [1]
    again, hear = requesting(Stop(), lambda heard: False)
    pipeline.improve(run, hear, home=tmp_path / "signal")
    assert tried(again) == [2, 3, 4]


def test_before_it_has_a_model_it_says_so_and_takes_up_where_it_was(tiny_base: str, tmp_path: Path) -> None:
    run, stop = asked(tmp_path, tiny_base, steps=1), Stop()
    stop.request()
    with pytest.raises(UserError, match="stopped before it had a model"):
        pipeline.improve(run, home=tmp_path / "home", stop=stop)
    assert releases.names(home=tmp_path / "home") == []
    assert pipeline.improve(run, home=tmp_path / "home").version == 1


def test_a_request_during_the_last_fit_releases_the_champion_as_it_was_judged(tiny_base: str, tmp_path: Path) -> None:
    stop = Stop()
    heard, hear = requesting(stop, lambda heard: isinstance(heard[-1], Stage) and heard[-1].name == "refitting")
    run = asked(tmp_path, tiny_base, steps=1, methods=("full",), compile=True, advice_seconds=60.0)
    release = pipeline.improve(run, hear, home=tmp_path / "home", stop=stop)
    assert "released as it was judged" in notes(heard)
    assert "not compiled: stopped by you" in notes(heard)
    assert "no next steps: stopped by you" in notes(heard)
    assert [event.reason for event in heard if isinstance(event, Ended)] == ["steps"]
    assert release.compiled is None
    assert release.version == 1


def test_the_only_fit_after_cross_validation_goes_on_as_there_is_no_other_model(tiny_base: str, tmp_path: Path) -> None:
    stop = Stop()
    heard, hear = requesting(stop, lambda heard: isinstance(heard[-1], Ended))
    run = asked(tmp_path, tiny_base, steps=1, methods=("full",), folds=2)
    assert pipeline.improve(run, hear, home=tmp_path / "home", stop=stop).version == 1
    ended = next(place for place, event in enumerate(heard) if isinstance(event, Ended))
    assert any(isinstance(event, Advanced) for event in heard[ended:])


def test_the_python_door_takes_the_signal_too(tmp_path: Path) -> None:
    stop = haoqi.Stop()
    heard, hear = requesting(stop, lambda heard: isinstance(heard[-1], Tried))
    settings = {"steps": 5, "methods": ("majority", "tfidf"), "near_duplicates": False, "advice_seconds": 0.0}
    found = haoqi.improve(ROWS, listen=hear, home=tmp_path, stop=stop, **settings)
    assert tried(heard) == [1]
    assert found.release.folder.is_relative_to(tmp_path)
