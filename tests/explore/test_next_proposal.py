"""The next step of a real run: the same again under a limit in steps, and an ending that says why."""

import csv
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from haoqi import pipeline
from haoqi.core.ledger import Entry, Ledger
from haoqi.run import Run, run_of

GOOD = ("great", "lovely", "quick", "bright", "kind", "fresh")
VARIED = 20
BAD = ("broken", "late", "dull", "rude", "stale", "slow")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Return a maker of one run on reviews of which a fifth have the wrong label, in a home of its own by name."""
    rng, source = Random(0), tmp_path / "reviews.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "stars"])
        for number in range(500):
            good = rng.random() < 0.5
            words = " and ".join(rng.choice(GOOD if good else BAD) for _ in range(2))
            label = good if rng.random() < 0.8 else not good
            writer.writerow([f"The {rng.randrange(90)} no. {number} was {words}.", "positive" if label else "negative"])

    def make(home: str, **settings: object) -> Run:
        monkeypatch.setenv("HAOQI_HOME", str(tmp_path / home))
        usual = {
            "methods": ("majority", "logistic", "tfidf"),
            "variants": VARIED // 2,
            "folds": 0,
            "strategy": "curious",
        }
        return run_of(str(source), **{**usual, "compile": False, "advice_seconds": 0.0, **settings})

    return make


def entries(place: Path) -> list[Entry]:
    [path] = place.glob("runs/reviews/*/ledger.sqlite")
    ledger = Ledger(path)
    [run] = ledger.runs()
    return ledger.entries(run)


@pytest.mark.slow
def test_curiosity_in_steps_gives_the_same_ledger_twice_and_never_ends_early(
    asked: Callable[..., Run], tmp_path: Path
) -> None:
    steps = 7
    for home in ("first", "second"):
        pipeline.improve(asked(home, steps=steps, worth=1.0))
    first, second = ([(e.kind, e.body) for e in entries(tmp_path / home)] for home in ("first", "second"))
    assert first == second
    tried = [body for kind, body in first if kind == "experiment"]
    assert len(tried) == steps
    assert any(b["why"] and b["why"]["facts"].get("strategy") == "curious" for b in tried)
    assert all(body["expected"] is not None and 0 < body["doubt"] < 0.5 for body in tried[1:])


def test_a_run_ends_when_nothing_is_worth_a_minute_and_says_so(asked: Callable[..., Run], tmp_path: Path) -> None:
    release = pipeline.improve(asked("home", minutes=5, worth=1.0))
    tried = [e.body for e in entries(tmp_path / "home") if e.kind == "experiment"]
    assert [body["plan"]["method"] for body in tried[:3]] == ["majority", "logistic", "tfidf"]
    assert len(tried) < VARIED
    page = (release.folder / "report.html").read_text(encoding="utf-8")
    assert "everything there was to try was tried" not in page
    assert "nothing that still fitted was worth its time" in page
    assert "剩余时间里放得下的方案都不值得一试" in page
