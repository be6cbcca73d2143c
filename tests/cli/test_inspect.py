"""How a file is read is shown before anything is learnt, can be kept and given back, and is asked where unsure."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from haoqi import data
from haoqi.cli import inspect
from haoqi.run import run_of

Run = Callable[..., Any]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two columns of free text, of which either could be meant, and a label."""
    path = tmp_path / "mails.csv"
    words = ("lamp", "kettle", "chair", "garden", "router")
    rows = [
        f"the {words[n % 5]} broke on day {n},the courier of {words[n // 5 % 5]} came late on day {n},"
        f"{('good', 'bad')[n % 2]}"
        for n in range(40)
    ]
    path.write_text("id,subject,body,label\n" + "".join(f"{n},{row}\n" for n, row in enumerate(rows)), encoding="utf-8")
    return path


def test_it_says_what_is_read_as_what_and_what_else_it_could_be(run: Run, source: Path) -> None:
    out = run("inspect", str(source)).out
    assert "mails.csv: 40 rows" in out
    assert "csv, encoding utf-8, delimiter ',', quotes \", names of columns in row 1" in out
    assert "could also be subject: --text COLUMN" in out
    assert "2 labels  good 20, bad 20" in out
    assert [line.split() for line in out.splitlines() if line.startswith("id ")] == [["id", "numbers", "left", "out"]]
    assert "the courier of lamp came late on day 0" in out


def test_json_holds_all_of_it(run: Run, source: Path) -> None:
    found = json.loads(run("inspect", str(source), "--json").out)
    assert found["schema"]["columns"] == {"text": "body", "label": "label"}
    assert (found["task"], found["labels"], found["problem"]) == ("classification", {"good": 20, "bad": 20}, "")
    assert len(found["rows"]) == 2


def test_what_is_shown_is_given_back_as_settings(run: Run, source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "mails.yaml"
    kept.write_text(run("inspect", str(source), "--text", "subject,body", "--yaml").out, encoding="utf-8")
    assert yaml.safe_load(kept.read_text(encoding="utf-8"))["text"] == "subject,body"
    raw = data.read(run_of(None, kept).data)
    assert raw.examples.texts[0] == "the lamp broke on day 0\nthe courier of lamp came late on day 0"
    assert raw.schema.settings() == data.read(data.DataSettings(str(source), text="subject,body")).schema.settings()


def test_what_cannot_be_learnt_is_shown_with_the_reason(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("text,label\n" + "it broke again,bad\nit came late,bad\n" * 5, encoding="utf-8")
    out = run("inspect", str(path)).out
    assert "warning: every row is labelled 'bad'" in out


def test_an_unsure_column_is_asked_for_in_one_line(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(said: str) -> Callable[[str], str]:
        return lambda question: asked.append(question) or said  # type: ignore[func-returns-value]

    monkeypatch.setattr("builtins.input", answer("subject"))
    run, raw = inspect.settle(run_of(str(source)))
    assert asked == ["text is column body, or subject? [body] "]
    assert (run.data.text, raw.examples.texts[0]) == ("subject", "the lamp broke on day 0")
    monkeypatch.setattr("builtins.input", answer(""))
    run, raw = inspect.settle(run_of(str(source)))
    assert (run.data.text, raw.examples.texts[0]) == (None, "the courier of lamp came late on day 0")
    assert not inspect.asks()


def test_two_texts_are_shown_and_numbers_are_told_by_their_spread(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "likeness.csv"
    rows = [f"the lamp of room {n},a lamp in hall {n},{n / 10}\n" for n in range(41)]
    path.write_text("left,right,score\n" + "".join(rows), encoding="utf-8")
    out = run("inspect", str(path)).out
    assert "numbers  0 to 4, half of them between 1 and 3" in out
    assert "the lamp of room 0 | a lamp in hall 0" in out
    assert json.loads(run("inspect", str(path), "--json").out)["numbers"] == [0.0, 1.0, 3.0, 4.0]


def test_labels_that_end_in_digits_are_told_from_their_counts(run: Run, tmp_path: Path) -> None:
    rows = [f"the {('train', 'lamp')[n % 2]} number {n} came,{n % 2}" for n in range(40)]
    (tmp_path / "mails.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    assert "2 labels  0: 20, 1: 20" in run("inspect", str(tmp_path / "mails.csv")).out
