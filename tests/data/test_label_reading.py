"""A few labels that a task cannot read are left out wherever labels are read, more are an error everywhere alike."""

from pathlib import Path

import pytest

import haoqi
from haoqi import data, tasks
from haoqi.core.errors import UserError
from haoqi.data.examples import Examples, Span
from haoqi.data.preparing.label_reading import misfit, read_all_labels
from haoqi.data.preparing.labelled import labelled
from haoqi.data.raw import Raw
from haoqi.data.settings import DataSettings
from haoqi.inspection import inspection_of

ROWS = 300
WORDS = ("lamp", "kettle", "bicycle", "garden", "bakery", "museum", "hotel", "harbour", "stadium", "theatre", "oven")


def written(place: Path, broken: int, **settings: object) -> DataSettings:
    """Return the settings of a file of several labels a row, the first rows of which hold a list that is cut off."""
    lines = ["text,label"]
    for row in range(ROWS):
        text = " ".join(WORDS[(row * step) % len(WORDS)] for step in (1, 3, 7))
        cell = f"[{row} is open" if row < broken else ("red|blue", "blue", "green|red")[row % 3]
        lines.append(f"the {text} number {row},{cell}")
    path = place / "colours.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return DataSettings(str(path), label_separator="none", **settings)  # type: ignore[arg-type]


def test_one_unreadable_label_of_three_hundred_is_left_out_by_guess_and_preparation_alike(tmp_path: Path) -> None:
    settings = written(tmp_path, 1)
    raw = data.read(settings)
    task, _ = tasks.resolve("multilabel", raw, settings)
    assert task.labels == ("blue", "green", "red")
    assert inspection_of(raw, settings, "multilabel").problem == ""
    prepared = data.prepare(raw, task.output.read, settings, seed=0, folder=tmp_path / "data")
    assert prepared.splits.unlabelled is not None
    assert list(prepared.splits.unlabelled.ids) == [0]
    told = "1 row whose label cannot be read ('[0 is open' is not a list) serves as unlabelled text (row 1)"
    assert any(warning.startswith(told) for warning in prepared.card.schema.warnings)
    assert len(labelled(raw, task.output.read, settings)) == ROWS - 1


def test_a_fifth_is_refused_by_all_in_the_same_words_though_every_reason_is_another(tmp_path: Path) -> None:
    settings = written(tmp_path, 60)
    raw, read = data.read(settings), tasks.build("multilabel", ("red",)).output.read
    words = r"60 of 300 rows have a label that cannot be read \(rows 1, 2, 3, 4, 5, \.\.\.\): '\[0 is open' is not"
    for ask in (
        lambda: tasks.resolve("multilabel", raw, settings),
        lambda: data.prepare(raw, read, settings, seed=0, folder=tmp_path / "data"),
        lambda: labelled(raw, read, settings),
    ):
        with pytest.raises(UserError, match=words) as caught:
            ask()
        assert "--bad-rows 0.2" in caught.value.hint
    assert "60 of 300 rows" in inspection_of(raw, settings, "multilabel").problem


def test_a_person_may_allow_more_or_none(tmp_path: Path) -> None:
    settings = written(tmp_path, 60, bad_rows=0.2)
    raw = data.read(settings)
    task, _ = tasks.resolve("multilabel", raw, settings)
    prepared = data.prepare(raw, task.output.read, settings, seed=0, folder=tmp_path / "data")
    assert prepared.splits.unlabelled is not None
    assert len(prepared.splits.unlabelled) == 60
    strict = written(tmp_path, 1, bad_rows=0.0)
    with pytest.raises(UserError, match="1 of 300 rows has a label that cannot be read"):
        tasks.resolve("multilabel", data.read(strict), strict)


def test_a_run_learns_from_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAOQI_HOME", str(tmp_path / "home"))
    source = written(tmp_path, 3).source
    found = haoqi.improve(source, task="multilabel", label_separator="none", steps=2, methods=("majority", "tfidf"))
    assert set(found.model.task.labels) == {"blue", "green", "red"}


def test_spans_that_fit_no_text_are_unreadable_and_a_blank_cell_is_no_label() -> None:
    spans = [(Span(0, 3, "X"),), (Span(0, 99, "X"),), None, (Span(3, 4, "X"),)]
    read = read_all_labels(Examples.of(["the lamp"] * 4, spans), tasks.build("entities", ("X",)).output.read)
    assert [label is None for label in read.labels] == [False, True, True, True]
    assert sorted(read.unreadable) == [1, 3]
    names = read_all_labels(Examples.of(["a", "b", "c"], ["x", " ", float("nan")]), str)
    assert (names.labels, dict(names.unreadable)) == (["x", None, None], {})


def test_spans_that_fit_no_text_reach_no_training(tmp_path: Path) -> None:
    rows = [f"the {WORDS[row % 11]} of {WORDS[row % 7]} number {row}" for row in range(100)]
    spans = [(Span(4, 4 + len(WORDS[row % 11]), "X"),) for row in range(100)]
    raw = Raw.of(Examples.of(rows, [*spans[:99], (Span(0, 999, "X"),)]))
    read = tasks.build("entities", ("X",)).output.read
    splits = data.prepare(raw, read, DataSettings("some"), seed=0, folder=tmp_path / "data").splits
    assert splits.unlabelled is not None
    assert list(splits.unlabelled.ids) == [99]


def test_spans_outside_their_text_are_seen() -> None:
    assert "within its text of 3 characters" in misfit([Span(0, 4, "X")], "abc")
    assert "nothing but space" in misfit([Span(1, 2, "X")], "a b")
    assert misfit([Span(0, 1, "X"), Span(2, 3, "X")], "a b") == ""
