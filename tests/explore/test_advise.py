"""Advice at the end of a run: every step is told, recorded once, and the same however the run came about."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from haoqi import pipeline
from haoqi.core.errors import UserError
from haoqi.core.events import Event, Note, Tried
from haoqi.core.ledger import Entry, Ledger
from haoqi.data.answers import ONE_CLASS, SEVERAL_CLASSES, SPANS
from haoqi.data.examples import Span
from haoqi.evaluate.advice import Advice
from haoqi.evaluate.predictions import Predictions
from haoqi.explore.advice.next_steps import next_steps
from haoqi.explore.advice.next_steps._choice import spread, unsure
from haoqi.explore.advice.next_steps._step_parts import cell
from haoqi.explore.advice.next_steps.another_source import grouped
from haoqi.explore.advice.next_steps.recheck_labels import believed
from haoqi.explore.advice.run_end import DECIDING_SECONDS, RunEnd
from haoqi.explore.record.history import History
from haoqi.models.releases import releases
from haoqi.run import Run, run_of

GOOD, BAD = ("great", "lovely", "quick", "bright"), ("broken", "late", "dull", "rude")
THINGS = ("phone", "hotel", "coffee", "film", "train", "letter", "screen", "room")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        "haoqi.explore.setup.context.choose_bases", lambda *_: {}
    )  # nothing here needs one, and it takes long
    return tmp_path


def reviews(place: Path, rows: int = 120, unlabelled: int = 40) -> Path:
    """Write reviews that words decide, with a little noise; the last ones have no label."""
    rng, lines = Random(0), ["body,stars"]
    for number in range(rows + unlabelled):
        good = rng.random() < 0.5
        words = [rng.choice(GOOD if (good if rng.random() < 0.85 else not good) else BAD) for _ in range(3)]
        text = f"the {rng.choice(THINGS)} no. {number} was {' and '.join(words)}"
        said = good != (number % 12 == 5)  # and some labels are wrong
        lines.append(f"{text},{('positive' if said else 'negative') if number < rows else ''}")
    path = place / "reviews.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def asked(place: Path, **settings: object) -> Run:
    facts = {"steps": 3, "methods": ("majority", "tfidf"), "variants": 1, "bad_rows": 0.5, "compile": False}
    source = place / "reviews.csv"
    return run_of(str(source if source.exists() else reviews(place)), **{**facts, **settings})


def entries(place: Path) -> list[Entry]:
    [path] = (place / "home" / "runs" / "reviews").glob("*/ledger.sqlite")
    ledger = Ledger(path)
    return ledger.entries(ledger.runs()[0], "advice")


def advice_of(name: str = "reviews") -> Advice:
    release = releases.get(name)
    return Advice.read(release.folder, release.reference)


def test_a_release_comes_with_every_next_step_and_the_texts_to_look_at(place: Path) -> None:
    source = reviews(place)
    pipeline.improve(asked(place))
    told = advice_of()
    assert sorted(step.kind for step in told.steps) == next_steps.names()
    label = told.step("label_more")
    assert label.low is not None and label.gain is not None and label.high is not None
    assert label.low < label.gain < label.high
    assert label.reason == "label_more_chosen"
    assert label.evidence["passes"] >= 4
    assert label.human_seconds > 50 * DECIDING_SECONDS
    lines = source.read_text(encoding="utf-8").splitlines()[1:]
    assert len(label.rows) == 40
    assert all(row.row >= 120 and lines[row.row].startswith(row.text) and row.label == "" for row in label.rows)
    recheck = told.step("recheck_labels")
    assert 0 < len(recheck.rows) <= 30
    assert recheck.reason == "recheck_estimated"
    wrong = sum(row.row % 12 == 5 for row in recheck.rows)  # as `reviews` made them
    assert abs(recheck.evidence["expected"] - wrong) <= 0.35 * len(recheck.rows)
    assert all(lines[row.row] == f"{row.text},{row.label}" and row.instead != row.label for row in recheck.rows)
    assert (told.step("stop").gain, told.step("stop").minutes) == (0.0, 0.0)
    assert told.step("bigger_base").gain is None


def test_advice_is_recorded_once_without_texts_and_holds_when_the_run_is_taken_up_again(place: Path) -> None:
    pipeline.improve(asked(place, steps=2))
    first = advice_of()
    pipeline.improve(asked(place, steps=2))
    [entry] = entries(place)
    assert advice_of() == first
    assert all(row["text"] == "" for step in entry.body["steps"] for row in step["rows"])
    pipeline.improve(asked(place, steps=3))
    assert len(entries(place)) == 2


def test_a_run_in_parts_gives_the_advice_of_a_run_in_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.improve(asked(place))
    whole = replace(advice_of(), seconds=0.0)
    monkeypatch.setenv("HAOQI_HOME", str(place / "parts"))

    def stop(event: Event) -> None:
        if isinstance(event, Tried) and event.number == 2:
            raise SystemError

    with pytest.raises(SystemError):
        pipeline.improve(asked(place), stop)
    pipeline.improve(asked(place))
    assert replace(advice_of(), seconds=0.0) == whole


def test_who_wants_no_advice_gets_none(place: Path) -> None:
    pipeline.improve(asked(place, advice_seconds=0.0))
    assert entries(place) == []
    with pytest.raises(UserError, match="came with no next steps"):
        advice_of()


def test_what_one_step_runs_into_leaves_the_others_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, run_end: RunEnd) -> None:
        raise ValueError("no luck")

    monkeypatch.setattr(next_steps.get("train_longer"), "suggest", fail)
    seen: list[Event] = []
    pipeline.improve(asked(place), seen.append)
    assert "train_longer" not in [step.kind for step in advice_of().steps]
    assert any(isinstance(event, Note) and "train longer: no luck" in event.text for event in seen)


def test_labels_of_words_are_advised_on_and_what_cannot_be_told_is_said(place: Path) -> None:
    names, lines = ("Ann", "Bob", "Eve", "Max", "Ida"), []
    for number in range(60):
        for word in f"{names[number % 5]} saw film {number} in Rome".split():
            lines.append(f"{word}\t{'B-PER' if word in names else 'B-LOC' if word == 'Rome' else 'O'}")
        lines.append("")
    (place / "names.bio").write_text("\n".join(lines), encoding="utf-8")
    pipeline.improve(run_of(str(place / "names.bio"), steps=1, methods=("crf",), compile=False, format="columns"))
    told = advice_of("names")
    assert told.step("label_more").gain is not None
    assert told.step("recheck_labels").reason == "recheck_spans"
    assert told.step("recheck_labels").gain is None


def test_several_labels_are_advised_on(place: Path) -> None:
    rng, lines = Random(1), ["text,labels"]
    for number in range(90):
        held = [name for name in ("good", "cheap", "slow") if rng.random() < 0.5] or ["good"]
        lines.append(f"review {number} says {' '.join(held)},{';'.join(held)}")
    (place / "many.csv").write_text("\n".join(lines), encoding="utf-8")
    pipeline.improve(run_of(str(place / "many.csv"), task="multilabel", steps=1, methods=("tfidf",), compile=False))
    told = advice_of("many")
    assert told.step("label_more").gain is not None
    assert all(";" in row.label or row.label for row in told.step("recheck_labels").rows)
    assert told.step("recheck_labels").reason in ("recheck_labels", "recheck_none")


def test_the_share_of_wrong_suspects_is_believed_as_estimated_until_a_lesson_moves_it() -> None:
    means = {verdict: (lambda a, b: a / (a + b))(*believed(0.8, verdict)) for verdict in ("", "confirmed", "refuted")}
    assert means[""] == pytest.approx(0.8)
    assert means["refuted"] < means[""] < means["confirmed"]
    assert min(*believed(0.0, ""), *believed(1.0, "")) > 0


def test_doubt_is_the_narrow_margin_of_one_label_and_the_least_sure_of_several() -> None:
    table = np.array([[0.5, 0.5, 0.0], [0.9, 0.05, 0.05]])
    answers = Predictions(["a", "a"], np.array([0.5, 0.9]), table)
    assert unsure(answers, ONE_CLASS).round(2).tolist() == [1.0, 0.15]
    assert unsure(answers, SEVERAL_CLASSES).round(2).tolist() == [1.0, 0.2]
    assert unsure(answers, SPANS).round(2).tolist() == [0.5, 0.1]


def test_texts_to_label_are_doubtful_and_unlike_one_another() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    doubt = np.array([0.9, 0.89, 0.88, 0.5, 0.0])
    assert spread(doubt, vectors, 2) == [0, 3]
    assert spread(doubt, None, 2) == [0, 1]
    assert sorted(spread(doubt, vectors, 9)) == [0, 1, 2, 3, 4]


def test_groups_of_like_vectors_are_found_whatever_their_number() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(3)[[0] * 20 + [1] * 20 + [2] * 20]
    found = grouped(centres + 0.01 * rng.standard_normal(centres.shape), 3)
    assert [len(set(found[at : at + 20].tolist())) for at in (0, 20, 40)] == [1, 1, 1]
    assert len(set(found.tolist())) == 3
    assert set(grouped(np.ones((5, 2)), 3).tolist()) == {0}


@pytest.mark.parametrize(("label", "shown"), [(("b", "a"), "b;a"), ((Span(0, 3, "PER"),), "0-3 PER"), (None, "")])
def test_a_label_stands_as_in_a_source(label: Sequence[object] | None, shown: str) -> None:
    assert cell(label) == shown


def test_a_fresh_history_has_no_advice() -> None:
    assert History(Ledger("sqlite://"), "run").last("advice") is None
