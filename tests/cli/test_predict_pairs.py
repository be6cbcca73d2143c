"""Models that are asked two texts at a time: on the command line, through a pipe, and in files."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
SAME, OTHER = ("the lamp was bright", "the lamp was bright"), ("the soup was good", "the train was good")


def test_two_texts_are_a_number_with_its_interval(run: Run, likeness: str) -> None:
    number, interval = run("predict", likeness, *SAME).out.rstrip("\n").split("\t")
    low, high = map(float, interval.split(" to "))
    assert low < float(number) < high


def test_each_line_of_a_pipe_is_two_texts(run: Run, likeness: str) -> None:
    ended = run("predict", likeness, pipe="\t".join(SAME) + "\n" + "\t".join(OTHER) + "\n")
    answered = [line.split("\t") for line in ended.out.splitlines()]
    assert [line[2] for line in answered] == [" | ".join(SAME), " | ".join(OTHER)]
    assert float(answered[0][0]) > float(answered[1][0])
    both = run("predict", likeness, *SAME, *OTHER).out
    assert both == ended.out


@pytest.mark.parametrize(
    ("words", "pipe", "what"),
    [
        (("one",), None, "two texts at a time; given: 1"),
        (("one", "two", "three"), None, "two texts at a time; given: 3"),
        ((), "one\n", "line 1 needs one tab between two texts, and has 0"),
        ((), "one\ttwo\t3.5\n", "line 1 needs one tab between two texts, and has 2"),
    ],
)
def test_one_text_or_three_are_refused(
    run: Run, likeness: str, words: tuple[str, ...], pipe: str | None, what: str
) -> None:
    assert what in run("predict", likeness, *words, pipe=pipe).two_lines[0]


def test_a_file_is_read_by_the_columns_learnt_wherever_they_stand(run: Run, likeness: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f"right,id,left\n{SAME[1]},1,{SAME[0]}\n{OTHER[1]},2,{OTHER[0]}\n", encoding="utf-8")
    ended = run("predict", likeness, "--file", str(path))
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert list(rows[0]) == ["right", "id", "left", "number", "low", "high"]
    assert ended.err.startswith("text is column left, as learnt\npair is column right, as learnt\n")
    alone = json.loads(run("predict", likeness, *SAME, "--json").out)
    assert float(rows[0]["number"]) == pytest.approx(alone["number"], abs=1e-5)


def test_records_are_answered_into_records(run: Run, likeness: str, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"left": SAME[0], "right": SAME[1]}) + "\n", encoding="utf-8")
    run("predict", likeness, "--file", str(path), "--out", str(tmp_path / "out.jsonl"))
    found = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert list(found) == ["left", "right", "number", "low", "high"]


@pytest.mark.parametrize("out", [(), ("--out", "out.csv")])
def test_a_file_without_the_second_text_is_refused_before_anything_is_written(
    run: Run, likeness: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("left\nthe lamp was bright\nthe soup was good\n", encoding="utf-8")
    what, hint = run("predict", likeness, "--file", "in.csv", *out).two_lines
    assert ("no column of a second text" in what, hint) == (True, "name it: --pair NAME")
    assert not Path("out.csv").exists()


def test_answers_to_another_second_column_are_not_taken_up(run: Run, likeness: str, tmp_path: Path) -> None:
    """What was answered of one pair of columns would stand beside what is answered of another."""
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = "".join(f"the lamp {row} was good,the lamp was good,the soup was {row}\n" for row in range(800))
    path.write_text("left,right,other\n" + rows + "too,many,cells,here\n", encoding="utf-8")
    said = ("predict", likeness, "--file", str(path), "--out", str(out), "--text", "left")
    assert "has 4 cells" in run(*said, "--pair", "right").err
    assert "under other settings: pair 'right', now 'other'" in run(*said, "--pair", "other").two_lines[0]


def test_an_interval_is_told_in_the_language_of_the_terminal(
    run: Run, likeness: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAOQI_LANG", "zh")
    out = run("predict", likeness, *SAME).out
    assert " 至 " in out and " to " not in out
